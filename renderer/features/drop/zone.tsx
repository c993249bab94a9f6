// One of the two halves the window splits into.

import { ArrowRightLeft, HardDriveDownload } from 'lucide-react'
import { useTranslation } from 'react-i18next'
import { useFormats } from '../../state/formats.ts'
import { Badge } from '../../ui/badge.tsx'
import { classNames } from '../../ui/class-names.ts'
import type { ZoneName } from './drag.ts'
import styles from './drop.module.css'

interface ZoneProps {
  readonly name: ZoneName
  /** Under the pointer. */
  readonly on?: boolean
  /** With this it is a button; without, a place to drop on. */
  readonly onChoose?: () => void
}

export function Zone({ name, on = false, onChoose }: ZoneProps) {
  const { t } = useTranslation()
  const formats = useFormats((state) => state.formats).filter((facts) => facts.capabilities.create)
  const Icon = name === 'add' ? HardDriveDownload : ArrowRightLeft
  const content = (
    <>
      <Icon className="icon-32" aria-hidden="true" />
      <span className={styles.title}>{t(`drop.${name}.title`)}</span>
      <span className={styles.text}>{t(`drop.${name}.text`)}</span>
      <span className={styles.formats}>
        {name === 'convert' && formats.map(({ format, title }) => <Badge key={format}>{title}</Badge>)}
      </span>
    </>
  )
  const className = classNames(styles.zone, on && styles.on)
  return onChoose ? (
    <button type="button" className={className} onClick={onChoose}>
      {content}
    </button>
  ) : (
    <div className={className} data-zone={name}>
      {content}
    </div>
  )
}
