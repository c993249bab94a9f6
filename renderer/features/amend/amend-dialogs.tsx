// The dialogs about an image's options and bitmaps, as they are asked for.

import { useDialogs } from '../../state/dialogs.ts'
import { factsOf, useFormats } from '../../state/formats.ts'
import { AmendDialog } from './amend-dialog.tsx'
import { BitmapsDialog } from './bitmaps-dialog.tsx'

export function AmendDialogs() {
  const dialog = useDialogs((state) => state.dialog)
  const formats = useFormats((state) => state.formats)
  switch (dialog.kind) {
    case 'amend': {
      const facts = factsOf(formats, dialog.volume.format)
      return facts && <AmendDialog volume={dialog.volume} facts={facts} formats={formats} />
    }
    case 'bitmaps':
      return <BitmapsDialog volume={dialog.volume} />
    default:
      return null
  }
}
