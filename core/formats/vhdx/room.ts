// Which MiB of the file are in use: blocks are placed where nothing is, first inside the file and then behind its end.

import { MiB } from '../../model/units.ts'
import { entryCount, blockOfIndex } from './geometry.ts'
import type { ImageFile } from './image-file.ts'
import { ALIGNMENT, BITMAP } from './layout.ts'
import { damaged } from '../../image/damage.ts'

const WORD = 32

export class RoomMap {
  #words = new Uint32Array(1024)
  /** In MiB: all before it is in use, or too little to be searched again. */
  #searchFrom = 0
  /** In MiB: nothing from here on is in use. */
  #end = 0

  /**
   * Everything the file's tables lead to. Throws `invalid-image` where two of them lead to the same place or one to none:
   * whoever writes by such a table destroys something.
   */
  static async of(file: ImageFile): Promise<RoomMap> {
    const { geometry, bat } = file
    const map = new RoomMap()
    for (const { offset, length } of file.taken) map.take(offset, length)
    const count = entryCount(geometry)
    const remembered: number[] = []
    for (let index = 0; index < count; index += 1) {
      const entry = bat.peek(index) ?? (await bat.entry(index))
      const block = blockOfIndex(geometry, index)
      if (block === undefined) {
        if (geometry.hasParent && entry.state === BITMAP.present) map.#takeOnce(file, entry.offset, MiB)
        continue
      }
      const state = file.blockState(block, entry)
      if (state.kind === 'data' || state.kind === 'partial') map.#takeOnce(file, state.offset, geometry.blockSize)
      else if (entry.offset > 0 && file.placeProblem(entry.offset, geometry.blockSize) === undefined)
        remembered.push(entry.offset)
    }
    // Other programs note which room a block had that holds nothing now, and may use it again.
    for (const offset of remembered) map.take(offset, geometry.blockSize)
    return map
  }

  /** Where the last thing ends, in bytes. */
  get end(): number {
    return this.#end * MiB
  }

  /** Whole MiB, given in bytes. */
  take(offset: number, length: number): void {
    const first = Math.floor(offset / MiB)
    const last = Math.ceil((offset + length) / MiB)
    this.#grow(last)
    for (let at = first; at < last; at += 1) {
      const word = Math.floor(at / WORD)
      this.#words[word] = (this.#words[word] ?? 0) | (1 << (at % WORD))
    }
    this.#end = Math.max(this.#end, last)
  }

  free(offset: number, length: number): void {
    const first = Math.floor(offset / MiB)
    for (let at = first; at < Math.ceil((offset + length) / MiB); at += 1) {
      const word = Math.floor(at / WORD)
      this.#words[word] = (this.#words[word] ?? 0) & ~(1 << (at % WORD))
    }
    this.#searchFrom = Math.min(this.#searchFrom, first)
    while (this.#end > 0 && !this.#isTaken(this.#end - 1)) this.#end -= 1
  }

  isFree(offset: number, length: number): boolean {
    const last = Math.min(Math.ceil((offset + length) / MiB), this.#end)
    for (let at = Math.floor(offset / MiB); at < last; at += 1) if (this.#isTaken(at)) return false
    return true
  }

  /** Takes the first free room for so many bytes; it may reach past the end of the file. Returns its offset. */
  allocate(length: number): number {
    const wanted = Math.ceil(length / ALIGNMENT)
    let start = this.#searchFrom
    for (let at = start; at < start + wanted && at < this.#end; at += 1) if (this.#isTaken(at)) start = at + 1
    // Shorter gaps stay for tables of another size, and are found again when something near them is freed.
    this.#searchFrom = start + wanted
    this.take(start * MiB, length)
    return start * MiB
  }

  #takeOnce(file: ImageFile, offset: number, length: number): void {
    if (file.placeProblem(offset, length) !== undefined || !this.isFree(offset, length))
      throw damaged(file.storage.name, `two entries of its table of blocks lead to offset ${offset}`, offset)
    this.take(offset, length)
  }

  #isTaken(at: number): boolean {
    return ((this.#words[Math.floor(at / WORD)] ?? 0) & (1 << (at % WORD))) !== 0
  }

  #grow(last: number): void {
    const needed = Math.ceil(last / WORD)
    if (needed <= this.#words.length) return
    const words = new Uint32Array(Math.max(needed, 2 * this.#words.length))
    words.set(this.#words)
    this.#words = words
  }
}
