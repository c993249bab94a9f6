// Comparing two volumes, and what came of it.

import { useDialogs } from '../../state/dialogs.ts'
import { CompareDialog } from './compare-dialog.tsx'

export function Compare() {
  const dialog = useDialogs((state) => state.dialog)
  return dialog.kind === 'compare' && <CompareDialog {...dialog} />
}
