// The Create volume dialog: at the left what one chooses, at the right what it comes to.

import { useDialogs } from '../../state/dialogs.ts'
import { madeFormats, useFormats } from '../../state/formats.ts'
import { CreateDialog } from './create-dialog.tsx'

export function CreateVolume() {
  const dialog = useDialogs((state) => state.dialog)
  const formats = madeFormats(useFormats((state) => state.formats)).filter((facts) => facts.capabilities.create)
  return dialog.kind === 'create' && formats.length > 0 && <CreateDialog formats={formats} backing={dialog.backing} />
}
