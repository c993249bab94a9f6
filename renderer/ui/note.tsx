// A sentence the user should not miss, with an icon for its weight.

import { CircleExclamationPoint, Info, Lightbulb, TriangleExclamationPoint } from 'lucide-react'
import type { ReactNode } from 'react'
import { classNames } from './class-names.ts'
import styles from './note.module.css'

const ICONS = { warn: TriangleExclamationPoint, danger: CircleExclamationPoint, info: Info, tip: Lightbulb } as const

interface NoteProps {
  readonly kind: keyof typeof ICONS
  readonly role?: 'alert' | 'status'
  readonly children: ReactNode
}

export function Note({ kind, role, children }: NoteProps) {
  const Icon = ICONS[kind]
  return (
    <div className={classNames(styles.note, styles[kind])} role={role}>
      <Icon aria-hidden="true" />
      <div className="grow">{children}</div>
    </div>
  )
}
