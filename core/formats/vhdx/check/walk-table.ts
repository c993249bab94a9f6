// A walk over the table of blocks: every block has a place of its own inside the file, or none.

import type { Findings } from '../../../image/findings.ts'
import type { Pace } from '../../../jobs/pace.ts'
import { MiB } from '../../../model/units.ts'
import type { BatEntry } from '../bat.ts'
import { bitmapIndex, blockOfIndex, entryCount, usedBytes } from '../geometry.ts'
import type { ImageFile } from '../image-file.ts'
import { BAT_ENTRY_SIZE, BITMAP, BLOCK } from '../layout.ts'
import { RoomMap } from '../room.ts'

export interface TableFacts {
  readonly allocated: number
  /** Blocks that do not lie behind the one before them. */
  readonly fragmented: number
  /** Where the last thing ends in the file, in bytes. */
  readonly end: number
  /** An entry that leads to data is damaged: what nothing else leads to may be what it led to. */
  readonly isReferenceLost: boolean
}

export async function walkTable(file: ImageFile, findings: Findings, pace: Pace): Promise<TableFacts> {
  const walk = new TableWalk(file, findings)
  const { geometry, bat } = file
  for (let index = 0; index < entryCount(geometry); index += 1) {
    const entry = bat.peek(index) ?? (await bat.entry(index))
    const block = blockOfIndex(geometry, index)
    if (block === undefined) walk.bitmap(index, entry)
    else if (block < geometry.blockCount) {
      walk.block(index, block, entry)
      const turn = pace(usedBytes(geometry, block))
      if (turn) await turn
    }
    if (entry.state === BLOCK.partial && block !== undefined) await walk.bitmapOf(index, block)
  }
  return walk.facts()
}

class TableWalk {
  readonly #file: ImageFile
  readonly #findings: Findings
  readonly #room = new RoomMap()
  #allocated = 0
  #fragmented = 0
  #isReferenceLost = false
  /** Where the next block would be if it followed the last one. */
  #next: number | undefined

  constructor(file: ImageFile, findings: Findings) {
    this.#file = file
    this.#findings = findings
    for (const { offset, length } of file.taken) this.#room.take(offset, length)
  }

  facts(): TableFacts {
    return {
      allocated: this.#allocated,
      fragmented: this.#fragmented,
      end: this.#room.end,
      isReferenceLost: this.#isReferenceLost,
    }
  }

  block(index: number, block: number, entry: BatEntry): void {
    const { blockSize } = this.#file.geometry
    const guestOffset = block * blockSize
    const what = `The block with the guest’s bytes from ${guestOffset} on`
    if (entry.hasStrayBits) this.#tellStrayBits(index, what)
    const problem = this.#file.blockProblem(entry)
    if (problem !== undefined) return this.#damage('block-misplaced', index, `${what} ${problem}.`, guestOffset)
    if (entry.state !== BLOCK.present && entry.state !== BLOCK.partial) return
    this.#allocated += 1
    if (this.#next !== undefined && this.#next !== entry.offset) this.#fragmented += 1
    this.#next = entry.offset + blockSize
    const end = entry.offset + usedBytes(this.#file.geometry, block)
    if (end > this.#file.size)
      this.#damage(
        'block-cut-short',
        index,
        `${what} should end at offset ${end}, past the end of the file at ${this.#file.size}.`,
        guestOffset,
      )
    this.#claim(index, what, { offset: entry.offset, length: blockSize }, guestOffset)
  }

  bitmap(index: number, entry: BatEntry): void {
    const { hasParent, chunkRatio, blockSize } = this.#file.geometry
    if (!hasParent || entry.state === BITMAP.notPresent) return
    const guestOffset = Math.floor(index / (chunkRatio + 1)) * chunkRatio * blockSize
    const what = `The bitmap of sectors for the guest’s bytes from ${guestOffset} on`
    const problem = this.#file.bitmapProblem(entry)
    if (problem !== undefined) this.#damage('bitmap-misplaced', index, `${what} ${problem}.`, guestOffset)
    else this.#claim(index, what, { offset: entry.offset, length: MiB }, guestOffset)
  }

  /** A block of which only some sectors are here says nothing without its bitmap. */
  async bitmapOf(index: number, block: number): Promise<void> {
    const { geometry, bat } = this.#file
    if (!geometry.hasParent) return
    const { state } = await bat.entry(bitmapIndex(geometry, Math.floor(block / geometry.chunkRatio)))
    if (state === BITMAP.present) return
    const guestOffset = block * geometry.blockSize
    const message = `Some sectors of the block with the guest’s bytes from ${guestOffset} on are here, and the bitmap that says which is missing.`
    this.#damage('bitmap-missing', index, message, guestOffset)
  }

  #claim(index: number, what: string, place: { offset: number; length: number }, guestOffset: number): void {
    const { offset, length } = place
    if (!this.#room.isFree(offset, length))
      this.#damage(
        'blocks-overlap',
        index,
        `${what} is at offset ${offset}, where another one is as well: at least one of them is not what was written.`,
        guestOffset,
      )
    this.#room.take(offset, length)
  }

  #tellStrayBits(index: number, what: string): void {
    const message = `${what} has an entry with bits that mean nothing.`
    this.#findings.add('note', 1, () => ({ code: 'stray-bits', message, hostOffset: this.#place(index) }))
  }

  #damage(code: string, index: number, message: string, guestOffset: number): void {
    this.#isReferenceLost = true
    this.#findings.add('error', 1, () => ({ code, message, hostOffset: this.#place(index), guestOffset }))
  }

  #place(index: number): number {
    return this.#file.regions.bat.offset + index * BAT_ENTRY_SIZE
  }
}
