// The Convert dialog: one volume in full, several as a table.

import { useDialogs } from '../../state/dialogs.ts'
import { madeFormats, useFormats } from '../../state/formats.ts'
import { ConvertDialog } from './convert-dialog.tsx'

export function Convert() {
  const dialog = useDialogs((state) => state.dialog)
  const formats = useFormats((state) => state.formats)
  if (dialog.kind !== 'convert' || formats.length === 0) return null
  return (
    <ConvertDialog
      formats={madeFormats(formats).filter((facts) => facts.capabilities.create)}
      given={dialog.sources}
      snapshot={dialog.snapshot}
    />
  )
}
