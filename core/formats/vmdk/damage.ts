// How this driver words damage.

import { notValid as notValidAs, damaged } from '../../image/damage.ts'
import { SpindleError } from '../../model/error.ts'

export { printable } from '../../image/damage.ts'

/** A header or a descriptor that breaks the format's rules. `what` is a clause without its full stop; offset in bytes. */
export function notValid(path: string, what: string, offset = 0): SpindleError {
  return notValidAs(path, 'VMDK', what, offset)
}

export function cannotRead(path: string, what: string, offset: number): SpindleError {
  return damaged(path, what, offset)
}

/** A sound image that there is no part for. `what` is a clause that follows the path. */
export function unsupported(path: string, what: string): SpindleError {
  return new SpindleError('unsupported', `${path} ${what}. Nothing was changed.`, { path })
}
