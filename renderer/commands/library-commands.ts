// Commands about what the library shows.

import { FolderPlus, FolderSearch, RefreshCw } from 'lucide-react'
import { api } from '../state/api.ts'
import { openDialog } from '../state/dialogs.ts'
import { rememberFolder } from '../state/folders.ts'
import { tell } from '../state/notices.ts'
import type { Command } from './command.ts'

async function addLocation(): Promise<void> {
  const folder = await api.chooseFolder()
  if (!folder) return
  rememberFolder(folder)
  await api.addToLibrary([folder.id])
}

async function openFiles(): Promise<void> {
  const files = await api.chooseFiles()
  if (files.length > 0) openDialog({ kind: 'files', files })
}

export const libraryCommands = [
  {
    id: 'library.add-location',
    title: 'command.addLocation',
    icon: FolderPlus,
    shortcut: '$mod+Shift+O',
    run: () => {
      addLocation().catch(tell)
    },
  },
  {
    id: 'library.open-files',
    title: 'command.openFiles',
    icon: FolderSearch,
    shortcut: '$mod+O',
    run: () => {
      openFiles().catch(tell)
    },
  },
  {
    id: 'library.rescan',
    title: 'command.rescan',
    icon: RefreshCw,
    shortcut: 'F5',
    run: () => {
      api.rescan().catch(tell)
    },
  },
] as const satisfies readonly Command[]
