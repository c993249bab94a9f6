// The dialogs about volumes as files: whichever is open.

import { useDialogs } from '../../state/dialogs.ts'
import { DeleteNeeded } from './delete-needed.tsx'
import { EmptyTrash } from './empty-trash.tsx'
import { Locate } from './locate.tsx'
import { Relocate } from './relocate.tsx'

export function FileDialogs() {
  const dialog = useDialogs((state) => state.dialog)
  switch (dialog.kind) {
    case 'delete':
      return <DeleteNeeded volumes={dialog.volumes} plan={dialog.plan} />
    case 'empty-trash':
      return <EmptyTrash items={dialog.items} />
    case 'relocate':
      return <Relocate key={dialog.volume.id} volume={dialog.volume} act={dialog.act} />
    case 'locate':
      return <Locate key={dialog.volume.id} volume={dialog.volume} />
    default:
      return null
  }
}
