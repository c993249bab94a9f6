// Changing a key slot from a dialog, which stays open until it is done and says why it was not.

import { useState } from 'react'
import type { ErrorData, KeyChange } from '../../../core/model/index.ts'
import { errorData } from '../../../core/model/index.ts'
import type { Volume } from '../../../electron/contract/data.ts'
import { closeDialog } from '../../state/dialogs.ts'
import { changeKeys } from '../../state/locks.ts'

interface KeyChanging {
  readonly busy: boolean
  readonly error: ErrorData | undefined
  /** Takes the passphrases over. */
  readonly change: (change: KeyChange) => void
}

export function useKeyChange({ id }: Volume): KeyChanging {
  const [busy, setBusy] = useState(false)
  const [error, setError] = useState<ErrorData>()

  async function run(change: KeyChange): Promise<void> {
    setBusy(true)
    setError(undefined)
    try {
      await changeKeys(id, change)
      closeDialog()
    } catch (thrown) {
      setError(errorData(thrown))
      setBusy(false)
    }
  }

  return {
    busy,
    error,
    change: (change) => {
      if (!busy) void run(change)
    },
  }
}
