// The dialogs about what lies below a volume, as they are asked for.

import { useDialogs } from '../../state/dialogs.ts'
import { Compact } from './compact.tsx'
import { Commit } from './commit.tsx'
import { Flatten } from './flatten.tsx'
import { Rebase } from './rebase.tsx'

export function ChainDialogs() {
  const dialog = useDialogs((state) => state.dialog)
  switch (dialog.kind) {
    case 'commit':
      return <Commit volume={dialog.volume} />
    case 'compact':
      return <Compact volume={dialog.volume} />
    case 'flatten':
      return <Flatten volume={dialog.volume} />
    case 'rebase':
      return <Rebase volume={dialog.volume} />
    default:
      return null
  }
}
