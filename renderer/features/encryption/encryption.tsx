// The dialogs about passphrases, when one is asked for.

import { useDialogs } from '../../state/dialogs.ts'
import { ChangeKey } from './change-key.tsx'
import { RemoveKey } from './remove-key.tsx'
import { Unlock } from './unlock.tsx'

export function EncryptionDialogs() {
  const dialog = useDialogs((state) => state.dialog)
  switch (dialog.kind) {
    case 'unlock':
      // Another file has another passphrase: what was typed for the one before is gone.
      return <Unlock key={dialog.file} volume={dialog.volume} file={dialog.file} goOn={dialog.goOn} />
    case 'change-key':
      return <ChangeKey volume={dialog.volume} kind={dialog.change} />
    case 'remove-key':
      return <RemoveKey volume={dialog.volume} slot={dialog.slot} last={dialog.last} />
    default:
      return null
  }
}
