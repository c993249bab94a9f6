// Making a dynamic or differencing disk larger or smaller.

import type { Resizer } from '../../image/facets.ts'
import type { Pace } from '../../jobs/pace.ts'
import { SpindleError } from '../../model/error.ts'
import type { Preallocation } from '../../model/job.ts'
import { formatSize, roundUp } from '../../model/units.ts'
import { findAllocated } from './allocated.ts'
import { tableSize } from './block-room.ts'
import { nextUsed } from './compact.ts'
import { dropBlocks } from './drop.ts'
import { headerWithTable, resizedFooter, writeFooters } from './footer-change.ts'
import { maxSizeOf } from './geometry.ts'
import type { ImageFile } from './image-file.ts'
import { ENTRY_SIZE, SECTOR } from './layout.ts'
import type { Opened } from './open.ts'
import { shorten } from './shorten.ts'
import type { BlockWriter } from './writer.ts'

export class BlockResizer implements Resizer {
  readonly #file: ImageFile
  readonly #opened: Opened
  readonly #writer: BlockWriter

  constructor(file: ImageFile, opened: Opened, writer: BlockWriter) {
    this.#file = file
    this.#opened = opened
    this.#writer = writer
  }

  async resize(virtualSize: number, preallocation: Preallocation, pace?: Pace): Promise<void> {
    const { storage } = this.#file
    checkSize(storage.name, virtualSize, maxSizeOf(false))
    if (preallocation !== 'off')
      throw new SpindleError(
        'unsupported',
        `${storage.name} is a dynamic VHD, whose blocks take room as they are written. Nothing was changed. Convert it to a fixed one to set room aside.`,
        { path: storage.name },
      )
    await this.#writer.flush()
    if (virtualSize < this.#opened.virtualSize) await this.#shrink(virtualSize, pace)
    else await this.#grow(virtualSize)
  }

  /** What is behind the new end loses its blocks, and the file what it took for them. */
  async #shrink(virtualSize: number, pace: Pace | undefined): Promise<void> {
    const file = this.#file
    const { blockSize } = file.blocks
    await dropBlocks(file, Math.ceil(virtualSize / blockSize), pace)
    const { storage } = file
    const footer = resizedFooter(this.#opened.footer, virtualSize)
    await writeFooters(storage, footer, file.end)
    await shorten(storage, footer, Math.max(1, Math.ceil(virtualSize / blockSize)), pace)
  }

  /** What is new becomes part of the disk last. */
  async #grow(virtualSize: number): Promise<void> {
    const file = this.#file
    const { blockSize, tableEntries, tableOffset, headerOffset } = file.blocks
    const { storage } = file
    const footer = resizedFooter(this.#opened.footer, virtualSize)
    const needed = Math.ceil(virtualSize / blockSize)
    let end = roundUp(file.end, SECTOR)
    if (needed > tableEntries) {
      const next = nextUsed(file, await findAllocated(file), tableOffset + 1)
      const isRoomy = tableOffset + tableSize(needed) <= next
      const offset = isRoomy ? tableOffset : end
      const table = new Uint8Array(tableSize(needed)).fill(0xff)
      await storage.read(tableOffset, table.subarray(0, tableEntries * ENTRY_SIZE))
      await storage.write(offset, table)
      if (!isRoomy) end += table.length
      await storage.flush()
      await storage.write(headerOffset, headerWithTable(file.blocks, offset, needed))
      await storage.flush()
    }
    await writeFooters(storage, footer, end)
  }
}

/** Throws before anything is written. */
export function checkSize(path: string, virtualSize: number, limit: ReturnType<typeof maxSizeOf>): void {
  if (virtualSize % SECTOR !== 0 || virtualSize < 0)
    throw new SpindleError(
      'invalid-argument',
      `A disk consists of whole sectors, and ${virtualSize} bytes is no multiple of ${SECTOR}. Nothing was changed.`,
    )
  if (virtualSize > limit.bytes)
    throw new SpindleError(
      'invalid-argument',
      `Such a VHD can have ${limit.words} at most, so ${path} cannot become ${formatSize(virtualSize)} large. Nothing was changed. Convert it to VHDX.`,
      { path },
    )
}
