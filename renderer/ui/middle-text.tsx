// One line of text that is cut in the middle when its place is too narrow.

import { classNames } from './class-names.ts'
import { cutMiddle } from './middle.ts'
import styles from './middle-text.module.css'
import { useTextMeasure } from './use-text-measure.ts'
import { useWidth } from './use-width.ts'

interface MiddleTextProps {
  readonly text: string
  readonly className?: string | undefined
}

export function MiddleText({ text, className }: MiddleTextProps) {
  const { ref, width } = useWidth()
  const widthOf = useTextMeasure(13)
  const { head, tail } = width > 0 ? cutMiddle(text, width, widthOf) : { head: text, tail: '' }
  return (
    <span ref={ref} className={classNames(styles.text, className)} title={text}>
      <span aria-hidden={tail === '' ? undefined : true}>
        {head}
        {tail}
      </span>
      {tail !== '' && <span className="visually-hidden">{text}</span>}
    </span>
  )
}
