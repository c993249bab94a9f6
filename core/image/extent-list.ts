// A list of extents in which neighbours that continue each other become one.

import type { Extent } from './extent.ts'

export class ExtentList {
  readonly #extents: Extent[] = []
  #last: Extent | undefined

  get isEmpty(): boolean {
    return this.#last === undefined
  }

  get count(): number {
    return this.#extents.length
  }

  add(extent: Extent): void {
    const last = this.#last
    if (last && continues(last, extent)) {
      this.#last = { ...last, length: last.length + extent.length }
      this.#extents[this.#extents.length - 1] = this.#last
    } else {
      this.#last = extent
      this.#extents.push(extent)
    }
  }

  toArray(): readonly Extent[] {
    return this.#extents
  }
}

function continues(last: Extent, next: Extent): boolean {
  if (last.kind === 'packed' || last.kind !== next.kind || last.storage !== next.storage) return false
  if (last.offset === undefined || next.offset === undefined) return last.offset === next.offset
  return last.offset + last.length === next.offset
}
