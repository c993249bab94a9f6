// Numbers and sizes on the command line, refused in the words scripts know from qemu-img.

import { parseSize } from '../model/units.ts'
import { refusal } from './failure.ts'

export interface Bounds {
  readonly least?: number
  /** Left out, what qemu-img allows for sizes. */
  readonly most?: number
}

export const MOST_COUNT = 2 ** 31 - 1

/** `what` as qemu-img calls it: `image size`. */
export function numberOf(what: string, text: string, { least = 0, most }: Bounds = {}): number {
  const isNegative = /^\s*-/.test(text)
  const magnitude = text.replace(/^\s*-/, '')
  const value = parseSize(magnitude)
  if (value === undefined && !isHuge(magnitude)) throw refusal(`Invalid ${what} specified: '${text}'.`)
  if (!isNegative && value !== undefined && value >= least && value <= (most ?? Infinity)) return value
  throw refusal(`Invalid ${what} specified. Must be between ${least} and ${most ?? '9223372036854775807'}.`)
}

/** A number, but past what can be counted in. */
function isHuge(text: string): boolean {
  return /^\s*\d+(\.\d*)?\s*[kmgtpe]?(i?b)?\s*$/i.test(text)
}
