// How this driver words what is wrong with a file.

import { notValid as notValidImage } from '../../image/damage.ts'
import type { SpindleError } from '../../model/error.ts'

/** `what` is a clause without its full stop; offset in bytes. */
export function notValid(path: string, what: string, offset: number): SpindleError {
  return notValidImage(path, 'VHDX', what, offset)
}
