// How this driver words damage.

import { notValid as notValidAs } from '../../image/damage.ts'
import type { SpindleError } from '../../model/error.ts'

export { damaged, printable, readOnly } from '../../image/damage.ts'

/** A header that breaks the format's rules. `what` is a clause without its full stop; offset in bytes. */
export function notValid(path: string, what: string, offset: number): SpindleError {
  return notValidAs(path, 'qcow2', what, offset)
}
