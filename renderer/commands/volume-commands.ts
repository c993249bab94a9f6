// Commands about volumes: new ones, and the selected ones.

import { ArrowRightLeft, Copy, FolderOpen, Plus } from 'lucide-react'
import { api } from '../state/api.ts'
import { openDialog } from '../state/dialogs.ts'
import { whenUnlocked } from '../state/locks.ts'
import { tell } from '../state/notices.ts'
import { selectedVolumes } from '../state/view.ts'
import type { Command } from './command.ts'

export const volumeCommands = [
  {
    id: 'volume.create',
    title: 'command.newVolume',
    icon: Plus,
    shortcut: '$mod+N',
    run: () => openDialog({ kind: 'create' }),
  },
  {
    id: 'volume.convert',
    title: 'command.convert',
    icon: ArrowRightLeft,
    shortcut: '$mod+E',
    unavailable: () => (selectedVolumes().length === 0 ? 'command.selectFirst' : undefined),
    run: () => {
      const volumes = selectedVolumes()
      whenUnlocked(volumes, () =>
        openDialog({ kind: 'convert', sources: volumes.map((volume) => ({ kind: 'library', volume })) }),
      )
    },
  },
  {
    id: 'volume.show-in-folder',
    title: 'command.showInFolder',
    icon: FolderOpen,
    unavailable: () => (selectedVolumes().length === 1 ? undefined : 'command.selectOne'),
    run: () => {
      const [volume] = selectedVolumes()
      if (volume) api.showInFolder(volume.id).catch(tell)
    },
  },
  {
    id: 'volume.copy-path',
    title: 'command.copyPath',
    icon: Copy,
    shortcut: '$mod+C',
    unavailable: () => (selectedVolumes().length === 0 ? 'command.selectFirst' : undefined),
    run: () => {
      // Text selected somewhere else on the page is what Ctrl+C means then.
      const text = window.getSelection()?.toString() ?? ''
      const paths = selectedVolumes().map((volume) => volume.path)
      api.copyText(text === '' ? paths.join('\n') : text).catch(tell)
    },
  },
] as const satisfies readonly Command[]
