// Writing into an open VMDK: in place where there is room already, at the end of a sparse extent where not.

import type { LayerWriter, Room } from '../../image/driver.ts'
import { SpindleError } from '../../model/error.ts'
import type { Storage } from '../../storage/storage.ts'
import { readPadded } from '../../storage/storage.ts'
import { latin1, withContentId } from './descriptor.ts'
import { newContentId } from './descriptor-text.ts'
import { NOTHING, ZEROS } from './grain-tables.ts'
import type { Opened } from './open.ts'
import { partAt } from './part.ts'
import type { FlatPart, Part, SparsePart } from './part.ts'
import { SparseWriter } from './sparse-writer.ts'

type WritablePart = FlatPart | SparsePart

export class VmdkWriter implements LayerWriter {
  readonly #storage: Storage
  readonly #opened: Opened
  readonly #hasBacking: boolean
  readonly #sparse = new Map<SparsePart, SparseWriter>()
  #begun = false

  constructor(storage: Storage, opened: Opened) {
    this.#storage = storage
    this.#opened = opened
    this.#hasBacking = opened.descriptor.parent !== undefined
  }

  async reserve(offset: number, length: number): Promise<Room> {
    await this.#begin()
    const part = this.#part(offset)
    const end = Math.min(offset + length, part.start + part.length)
    if (part.kind === 'flat') return linkedRoom(part.storage, offset, end - offset, part.offset + (offset - part.start))
    return this.#reserveGrains(part, offset, end)
  }

  async zero(offset: number, length: number, unmap: boolean): Promise<number> {
    await this.#begin()
    return this.#walk(offset, length, async (part, at, end, entry) => {
      if (part.kind === 'flat') await clear(part.storage, part.offset + at, end - at, unmap)
      else if (entry > ZEROS) await clear(part.tables.storage, entry + (at % grainOf(part)), end - at, unmap)
      else if (entry === NOTHING && this.#hasBacking) return this.#noteZeros(part, at, end)
      return true
    })
  }

  async discard(offset: number, length: number): Promise<number> {
    await this.#begin()
    return this.#walk(offset, length, async (part, at, end, entry) => {
      if (part.kind === 'flat') await part.storage.discard(part.offset + at, end - at)
      // The grain stays where it is: nothing else could ever use its place in the file.
      else if (entry > ZEROS) await part.tables.storage.discard(entry + (at % grainOf(part)), end - at)
      return true
    })
  }

  async flush(): Promise<void> {
    if (!this.#begun) return
    for (const part of this.#opened.parts) if (part.kind === 'flat') await part.storage.flush()
    for (const writer of this.#sparse.values()) await writer.flush()
    // Grains written in their place need no table.
    for (const part of this.#opened.parts)
      if (part.kind === 'sparse' && !this.#sparse.has(part)) await part.tables.storage.flush()
  }

  async #reserveGrains(part: SparsePart, offset: number, end: number): Promise<Room> {
    const { tables } = part
    const { grainSize } = tables.shape
    const at = offset - part.start
    const entry = await this.#entry(part, at)
    if (entry > ZEROS) {
      const stop = Math.min(end - part.start, (Math.floor(at / grainSize) + 1) * grainSize)
      return linkedRoom(tables.storage, offset, stop - at, entry + (at % grainSize))
    }
    const writer = await this.#writerOf(part)
    const grains = await writer.allocate(at, end - part.start)
    return {
      start: part.start + grains.start,
      length: Math.min(grains.count * grainSize, part.length - grains.start),
      storage: tables.storage,
      offset: grains.offset,
      linked: false,
      link: () => writer.link(grains),
    }
  }

  /**
   * Takes the range through `work` in pieces that lie in one part, and in one grain where there are some. Stops at the
   * first that work says no to, and returns how far it came.
   */
  async #walk(
    offset: number,
    length: number,
    work: (part: WritablePart, at: number, end: number, entry: number) => Promise<boolean>,
  ): Promise<number> {
    const end = offset + length
    for (let position = offset; position < end;) {
      const part = this.#part(position)
      const at = position - part.start
      let stop = Math.min(end - part.start, part.length)
      let entry = NOTHING
      if (part.kind === 'sparse') {
        const grainSize = grainOf(part)
        stop = Math.min(stop, (Math.floor(at / grainSize) + 1) * grainSize)
        entry = await this.#entry(part, at)
      }
      if (!(await work(part, at, stop, entry))) return position - offset
      position = part.start + stop
    }
    return length
  }

  /** Zeros above a backing file without data: only whole grains, where the extent knows such. */
  async #noteZeros(part: SparsePart, at: number, end: number): Promise<boolean> {
    const isWhole = at % grainOf(part) === 0 && (end % grainOf(part) === 0 || end === part.length)
    if (!part.tables.shape.zeroGrains || !isWhole) return false
    const writer = await this.#writerOf(part)
    await writer.set(at, ZEROS)
    return true
  }

  async #entry({ tables }: SparsePart, at: number): Promise<number> {
    const { grainSize, tableEntries } = tables.shape
    const grain = Math.floor(at / grainSize)
    const table = await tables.table(Math.floor(grain / tableEntries))
    const entry = table?.[grain % tableEntries] ?? NOTHING
    if (entry <= ZEROS || entry < (await tables.storage.size())) return entry
    throw new SpindleError(
      'invalid-image',
      `${tables.storage.name} is damaged: a grain of it should be at ${entry}, past the end of the file. Nothing was written there; check the image first.`,
      { path: tables.storage.name, offset: entry },
    )
  }

  async #writerOf(part: SparsePart): Promise<SparseWriter> {
    const known = this.#sparse.get(part)
    if (known) return known
    const writer = await SparseWriter.open(part.tables)
    this.#sparse.set(part, writer)
    return writer
  }

  #part(offset: number): WritablePart {
    const part: Part | undefined = partAt(this.#opened.parts, offset)
    if (part && part.kind !== 'zero') return part
    throw new SpindleError('internal', `there is no part at ${offset} that could be written`)
  }

  /** Images that lie on this one must be able to tell that it has changed, before it has. */
  async #begin(): Promise<void> {
    if (this.#begun) return
    await writeContentId(this.#storage, this.#opened)
    this.#begun = true
  }
}

async function writeContentId(storage: Storage, { descriptor, place }: Opened): Promise<void> {
  const text = withContentId(descriptor, newContentId())
  if (text === undefined) return
  await writeDescriptor(storage, place, text)
  await storage.flush()
}

/** The descriptor as it is now, one character a byte: the first write of a session changes it. */
export async function currentText(storage: Storage, { offset, room }: Opened['place']): Promise<string> {
  const bytes = new Uint8Array(room ?? (await storage.size()))
  await readPadded(storage, offset, bytes)
  const end = bytes.indexOf(0)
  return latin1(end === -1 ? bytes : bytes.subarray(0, end))
}

/** Over the one that is there. Throws `unsupported` when it does not fit into its room. */
export async function writeDescriptor(storage: Storage, place: Opened['place'], text: string): Promise<void> {
  const { offset, room } = place
  const bytes = Buffer.from(text, 'latin1')
  if (room === undefined) {
    await storage.write(offset, bytes)
    if (bytes.length < (await storage.size())) await storage.truncate(bytes.length)
    return
  }
  if (bytes.length > room)
    throw new SpindleError(
      'unsupported',
      `The descriptor in ${storage.name} has no room for what is to be noted there.`,
      {
        path: storage.name,
      },
    )
  await storage.write(offset, Buffer.concat([bytes], room))
}

function linkedRoom(storage: Storage, start: number, length: number, offset: number): Room {
  return { start, length, storage, offset, linked: true, link: async () => {} }
}

async function clear(storage: Storage, offset: number, length: number, unmap: boolean): Promise<void> {
  if (unmap) await storage.discard(offset, length)
  else await storage.zero(offset, length)
}

function grainOf(part: SparsePart): number {
  return part.tables.shape.grainSize
}
