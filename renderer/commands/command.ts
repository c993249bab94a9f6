// What a command is: one thing the user can ask for, told once and drawn everywhere.

import type { ParseKeys } from 'i18next'
import type { LucideIcon } from 'lucide-react'

export interface Command {
  readonly id: string
  /** Among the translations. */
  readonly title: ParseKeys
  readonly icon?: LucideIcon
  /** In tinykeys' notation: `$mod+Shift+O`. */
  readonly shortcut?: string
  /** A second one, which is heard but not shown. */
  readonly otherShortcut?: string
  /** Why it cannot be done now; undefined when it can. */
  readonly unavailable?: () => ParseKeys | undefined
  /** For commands that are a choice: whether it is the one taken. */
  readonly checked?: () => boolean
  readonly run: () => void
}
