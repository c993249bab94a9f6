// A command as a control draws it, kept up to date.

import { t } from 'i18next'
import type { LucideIcon } from 'lucide-react'
import { useFormats } from '../state/formats.ts'
import { useJobs } from '../state/jobs.ts'
import { usePanels } from '../state/panels.ts'
import { useSettings } from '../state/settings.ts'
import { useTrash } from '../state/trash.ts'
import { useUndo } from '../state/undo.ts'
import { useView } from '../state/view.ts'
import { useVolumes } from '../state/volumes.ts'
import { commandOf } from './commands.ts'
import type { CommandId } from './commands.ts'
import { shortcutText } from './shortcuts.ts'

export interface CommandState {
  readonly title: string
  readonly icon: LucideIcon | undefined
  readonly shortcut: string | undefined
  readonly checked: boolean
  /** Why it cannot be done now. */
  readonly reason: string | undefined
  readonly run: () => void
}

export function useCommand(id: CommandId): CommandState {
  const platform = useSettings((state) => state.platform)
  // What the answers below are drawn from; a command looks at the stores itself.
  useSettings((state) => state.settings)
  useView((state) => state.selected)
  useView((state) => state.page)
  useFormats((state) => state.formats)
  useUndo((state) => state.offers)
  useVolumes((state) => state.byId)
  useTrash((state) => state.items)
  useJobs((state) => state.jobs)
  usePanels()
  const command = commandOf(id)
  const reason = command.unavailable?.()
  return {
    title: t(command.title),
    icon: command.icon,
    shortcut: command.shortcut === undefined ? undefined : shortcutText(command.shortcut, platform),
    checked: command.checked?.() ?? false,
    reason: reason === undefined ? undefined : t(reason),
    run: command.run,
  }
}
