// A storage that stops working after a number of calls that change something: as if the machine had been switched off.

import type { Storage } from '../../core/storage/storage.ts'

/** Thrown by the call that is one too many, and by all later ones. */
export class SwitchedOff extends Error {}

export class Budget {
  #left: number

  constructor(calls: number) {
    this.#left = calls
  }

  spend(): void {
    this.#left -= 1
    if (this.#left < 0) throw new SwitchedOff()
  }
}

const CHANGES = new Set(['write', 'zero', 'truncate', 'discard', 'allocate', 'flush'])

/** Several storages may share one budget: an image and its undo log. */
export function limited(storage: Storage, budget: Budget): Storage {
  return new Proxy(storage, {
    get(target, name) {
      const value: unknown = Reflect.get(target, name, target)
      if (typeof value !== 'function') return value
      return (...args: unknown[]) => {
        if (CHANGES.has(String(name))) budget.spend()
        return (value as (...all: unknown[]) => unknown).apply(target, args)
      }
    },
  })
}
