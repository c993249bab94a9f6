// A heading that opens what is below it.

import { Collapsible } from '@base-ui/react/collapsible'
import { ChevronRight } from 'lucide-react'
import type { ReactNode } from 'react'
import styles from './fold.module.css'

interface FoldProps {
  readonly title: string
  readonly children: ReactNode
  readonly end?: ReactNode
}

export function Fold({ title, children, end }: FoldProps) {
  return (
    <Collapsible.Root>
      <div className="row">
        <Collapsible.Trigger className={styles.trigger}>
          <ChevronRight aria-hidden="true" />
          {title}
        </Collapsible.Trigger>
        {end !== undefined && <span className={styles.end}>{end}</span>}
      </div>
      <Collapsible.Panel className={styles.panel}>{children}</Collapsible.Panel>
    </Collapsible.Root>
  )
}
