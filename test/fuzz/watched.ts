// A storage that counts what is asked of it: how much work and memory an image may cost is a number of bytes and calls.

import type { Storage } from '../../core/storage/storage.ts'

/** Thrown into whoever asks for more than an image of this size can be worth. */
export class TooMuch extends Error {}

/** What all that is done to one image may cost together. */
export class Allowance {
  readonly #limits: { readonly calls: number; readonly bytes: number; readonly atOnce: number }
  #calls = 0
  #bytes = 0

  constructor(limits: { readonly calls: number; readonly bytes: number; readonly atOnce: number }) {
    this.#limits = limits
  }

  spend(what: string, length: number): void {
    this.#calls += 1
    this.#bytes += length
    const { calls, bytes, atOnce } = this.#limits
    if (length > atOnce) throw new TooMuch(`${what} of ${length} bytes at once`)
    if (this.#calls > calls) throw new TooMuch(`more than ${calls} calls`)
    if (this.#bytes > bytes) throw new TooMuch(`more than ${bytes} bytes read and written`)
  }
}

/** Room taken and given back without bytes passing through memory costs a call. */
const COSTS_BYTES = new Set(['read', 'write'])
const COSTS_CALL = new Set(['discard', 'zero', 'allocate', 'truncate', 'flush', 'segment'])

export function watched(storage: Storage, allowance: Allowance): Storage {
  return new Proxy(storage, {
    get(target, name) {
      if (name === 'readNow' || name === 'descriptor') return undefined
      const value: unknown = Reflect.get(target, name, target)
      if (typeof value !== 'function') return value
      return (...all: unknown[]) => {
        const bytes = all[1]
        if (COSTS_BYTES.has(String(name))) allowance.spend(String(name), bytes instanceof Uint8Array ? bytes.length : 0)
        else if (COSTS_CALL.has(String(name))) allowance.spend(String(name), 0)
        return (value as (...all: unknown[]) => unknown).apply(target, all)
      }
    },
  })
}
