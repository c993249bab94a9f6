// The dialogs about snapshots, as they are asked for.

import { useDialogs } from '../../state/dialogs.ts'
import { ApplySnapshot } from './apply-snapshot.tsx'
import { RemoveSnapshots } from './remove-snapshots.tsx'
import { RenameSnapshot, TakeSnapshot } from './snapshot-name.tsx'

export function SnapshotDialogs() {
  const dialog = useDialogs((state) => state.dialog)
  switch (dialog.kind) {
    case 'take-snapshot':
      return <TakeSnapshot volume={dialog.volume} />
    case 'rename-snapshot':
      return <RenameSnapshot volume={dialog.volume} snapshot={dialog.snapshot} />
    case 'apply-snapshot':
      return <ApplySnapshot volume={dialog.volume} snapshot={dialog.snapshot} />
    case 'remove-snapshots':
      return <RemoveSnapshots volume={dialog.volume} snapshots={dialog.snapshots} />
    default:
      return null
  }
}
