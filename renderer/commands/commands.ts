// Every user command, once: toolbar, menus, shortcuts and the native menu all draw from here.

import { closeDialog, useDialogs } from '../state/dialogs.ts'
import { changeCommands } from './change-commands.ts'
import type { Command } from './command.ts'
import { fileCommands } from './file-commands.ts'
import { jobCommands } from './job-commands.ts'
import { libraryCommands } from './library-commands.ts'
import { viewCommands } from './view-commands.ts'
import { volumeCommands } from './volume-commands.ts'

const all = [
  ...volumeCommands,
  ...changeCommands,
  ...fileCommands,
  ...libraryCommands,
  ...viewCommands,
  ...jobCommands,
] as const

export type CommandId = (typeof all)[number]['id']

export const commands: readonly Command[] = all

const byId = new Map<string, Command>(commands.map((command) => [command.id, command]))

export function commandOf(id: CommandId): Command {
  const command = byId.get(id)
  if (!command) throw new RangeError(`There is no command ${id}.`)
  return command
}

/** Also for ids from outside: one that is not known or cannot be done now does nothing. */
export function runCommand(id: string): void {
  const command = byId.get(id)
  if (!command || command.unavailable?.() !== undefined) return
  // The native menu stays reachable while a dialog is open: the command replaces it.
  if (useDialogs.getState().dialog.kind !== 'none') closeDialog()
  command.run()
}
