// Every file that a job makes is noted first, so that after a crash it is known whose it is.

import type { OperationContext } from '../jobs/operation.ts'
import type { OpenFile } from '../image/gate.ts'
import type { Parts } from './parts.ts'

/** The same parts, whose new files are told to `making`. */
export function noted(parts: Parts, making: OperationContext['making']): Parts {
  if (!making) return parts
  const openFile: OpenFile = async (path, access) => {
    if (access !== 'create') return parts.openFile(path, access)
    const made = await making(path)
    const storage = await parts.openFile(path, access)
    await made()
    return storage
  }
  return { ...parts, openFile }
}
