// The Resize dialog, when it is asked for.

import { useDialogs } from '../../state/dialogs.ts'
import { factsOf, useFormats } from '../../state/formats.ts'
import { ResizeDialog } from './resize-dialog.tsx'

export function Resize() {
  const dialog = useDialogs((state) => state.dialog)
  const formats = useFormats((state) => state.formats)
  if (dialog.kind !== 'resize' || dialog.volume.virtualSize === undefined) return null
  const facts = factsOf(formats, dialog.volume.format)
  return facts && <ResizeDialog volume={dialog.volume} now={dialog.volume.virtualSize} facts={facts} />
}
