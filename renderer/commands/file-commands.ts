// Commands about volumes as files: names, places, copies, the trash.

import { Copy, FolderInput, Link2, PenLine, Trash, Trash2 } from 'lucide-react'
import type { ParseKeys } from 'i18next'
import type { Volume } from '../../electron/contract/data.ts'
import { openDialog } from '../state/dialogs.ts'
import { tell } from '../state/notices.ts'
import { startRenaming } from '../state/renaming.ts'
import { deleteVolumes, useTrash } from '../state/trash.ts'
import { selectedVolumes, showScope, useView } from '../state/view.ts'
import type { Command } from './command.ts'

function one(): Volume | undefined {
  const volumes = selectedVolumes()
  return volumes.length === 1 ? volumes[0] : undefined
}

function unlessOne(): ParseKeys | undefined {
  return one() ? undefined : 'command.selectOne'
}

export const fileCommands = [
  {
    id: 'volume.rename',
    title: 'command.rename',
    icon: PenLine,
    shortcut: 'F2',
    unavailable: unlessOne,
    run: () => {
      const volume = one()
      if (!volume) return
      // Where there is no row to type in, a dialog asks.
      if (useView.getState().page.kind === 'library') startRenaming(volume.id)
      else openDialog({ kind: 'relocate', volume, act: 'move' })
    },
  },
  {
    id: 'volume.move',
    title: 'command.move',
    icon: FolderInput,
    unavailable: unlessOne,
    run: () => {
      const volume = one()
      if (volume) openDialog({ kind: 'relocate', volume, act: 'move' })
    },
  },
  {
    id: 'volume.duplicate',
    title: 'command.duplicate',
    icon: Copy,
    unavailable: unlessOne,
    run: () => {
      const volume = one()
      if (volume) openDialog({ kind: 'relocate', volume, act: 'copy' })
    },
  },
  {
    id: 'volume.locate',
    title: 'command.locate',
    icon: Link2,
    unavailable: () => unlessOne() ?? (one()?.parentMissing === true ? undefined : 'command.nothingMissing'),
    run: () => {
      const volume = one()
      if (volume) openDialog({ kind: 'locate', volume })
    },
  },
  {
    id: 'volume.delete',
    title: 'command.delete',
    icon: Trash2,
    shortcut: 'Delete',
    unavailable: () => (selectedVolumes().length === 0 ? 'command.selectFirst' : undefined),
    run: () => {
      deleteVolumes(selectedVolumes()).catch(tell)
    },
  },
  {
    id: 'library.trash',
    title: 'command.showTrash',
    icon: Trash2,
    run: () => showScope({ kind: 'trash' }),
  },
  {
    id: 'trash.empty',
    title: 'command.emptyTrash',
    icon: Trash,
    unavailable: () => (useTrash.getState().items.length === 0 ? 'command.trashIsEmpty' : undefined),
    run: () => openDialog({ kind: 'empty-trash', items: useTrash.getState().items }),
  },
] as const satisfies readonly Command[]
