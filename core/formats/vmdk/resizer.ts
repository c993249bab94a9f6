// Making the disk of a VMDK larger: a flat one gets a longer file, a sparse one more tables.

import type { Resizer } from '../../image/facets.ts'
import type { Pace } from '../../jobs/pace.ts'
import { SpindleError } from '../../model/error.ts'
import type { Preallocation } from '../../model/job.ts'
import { MiB, roundUp } from '../../model/units.ts'
import type { Storage } from '../../storage/storage.ts'
import { withSize } from './descriptor.ts'
import { cylindersOf } from './descriptor-text.ts'
import { GrainTables, encodeTable, tableBytes } from './grain-tables.ts'
import { MAX_DIRECTORY, SECTOR, SPARSE_HEADER, SPLIT_SIZE } from './layout.ts'
import type { Opened } from './open.ts'
import type { FlatPart, SparsePart } from './part.ts'
import { SparseWriter } from './sparse-writer.ts'
import { currentText, writeDescriptor } from './writer.ts'

export class VmdkResizer implements Resizer {
  readonly #storage: Storage
  readonly #opened: Opened

  constructor(storage: Storage, opened: Opened) {
    this.#storage = storage
    this.#opened = opened
  }

  async resize(virtualSize: number, preallocation: Preallocation, pace?: Pace): Promise<void> {
    const { parts, virtualSize: before } = this.#opened
    const [part, ...others] = parts
    if (virtualSize < before) throw this.#refused('can grow, but not shrink: convert it to a new image of that size')
    if (!part || others.length > 0 || part.kind === 'zero')
      throw this.#refused('is cut into several files, whose number would have to change: convert it to a new image')
    if (this.#opened.descriptor.createType.startsWith('twoGb') && virtualSize > SPLIT_SIZE)
      throw this.#refused('is kept in pieces of 2 GiB, whose number would have to change: convert it to a new image')
    if (virtualSize % SECTOR !== 0)
      throw new SpindleError(
        'invalid-argument',
        `A disk consists of whole sectors of ${SECTOR} bytes. Nothing was changed.`,
      )
    if (part.kind === 'flat') await growFlat(part, virtualSize, preallocation, pace)
    else if (preallocation === 'off') await this.#growSparse(part, virtualSize)
    else throw this.#refused('grows as it is used, and its room cannot be reserved in advance')
    await this.#noteSize(virtualSize)
    await this.#storage.flush()
  }

  /** New directories with the old tables and new ones behind them; the header leads to them in one write. */
  async #growSparse({ tables }: SparsePart, virtualSize: number): Promise<void> {
    const { storage, shape } = tables
    const tableCount = Math.ceil(virtualSize / (shape.grainSize * shape.tableEntries))
    if (tableCount * 4 > MAX_DIRECTORY) throw this.#refused('cannot become that large: convert it to another format')
    // The last grain may reach past the end of the file: what is behind it there is its own.
    const writer = await SparseWriter.open(tables)
    let next = roundUp(await writer.frontier(), SECTOR)
    const place = async (old: GrainTables): Promise<number> => {
      const directory = new Float64Array(tableCount)
      directory.set(old.directory)
      const offset = next
      next = roundUp(next + directory.length * 4, SECTOR)
      for (let index = old.directory.length; index < tableCount; index += 1) {
        directory[index] = next
        next += tableBytes(shape)
      }
      await storage.write(offset, encodeTable(directory))
      return offset
    }
    const moved = tableCount > tables.directory.length
    const second = shape.redundant === undefined ? undefined : await GrainTables.open(storage, shape, shape.redundant)
    const redundant = moved && second ? await place(second) : undefined
    const directory = moved ? await place(tables) : undefined
    // Grains start where grains may start, and nothing ends inside of what is new.
    await storage.truncate(roundUp(next, shape.grainSize))
    await storage.flush()
    const bytes = new Uint8Array(SECTOR)
    await storage.read(0, bytes)
    const header = SPARSE_HEADER.decode(bytes, { path: storage.name, offset: 0 })
    const { fields } = SPARSE_HEADER
    const view = new DataView(bytes.buffer)
    fields.capacity.set(view, BigInt(virtualSize / SECTOR), true)
    fields.directory.set(view, directory === undefined ? header.directory : BigInt(directory / SECTOR), true)
    if (redundant !== undefined) fields.redundant_directory.set(view, BigInt(redundant / SECTOR), true)
    await storage.write(0, bytes)
    await storage.flush()
  }

  async #noteSize(virtualSize: number): Promise<void> {
    const { descriptor, place } = this.#opened
    const geometry = (name: string, usual: number): number =>
      Number(descriptor.database.get(`ddb.geometry.${name}`)) || usual
    const cylinders = cylindersOf(virtualSize, geometry('heads', 16), geometry('sectors', 63))
    const text = await currentText(this.#storage, place)
    await writeDescriptor(this.#storage, place, withSize(text, virtualSize / SECTOR, cylinders))
  }

  #refused(why: string): SpindleError {
    const { name } = this.#storage
    return new SpindleError('unsupported', `${name} is a VMDK that ${why}. Nothing was changed.`, { path: name })
  }
}

async function growFlat(part: FlatPart, virtualSize: number, preallocation: Preallocation, pace?: Pace): Promise<void> {
  const { storage, offset, length } = part
  if (preallocation === 'metadata')
    throw new SpindleError(
      'unsupported',
      `${storage.name} has no tables to prepare. Nothing was changed. Reserve its room (falloc) or write it (full) instead.`,
      { path: storage.name },
    )
  const from = offset + length
  const to = offset + virtualSize
  // What lies behind the disk in its file must not become part of it.
  if ((await storage.size()) > from) await storage.truncate(from)
  await storage.truncate(to)
  if (preallocation === 'falloc') await storage.allocate(from, to - from)
  const zeros = new Uint8Array(preallocation === 'full' ? MiB : 0)
  for (let at = from; zeros.length > 0 && at < to; at += zeros.length) {
    const step = Math.min(zeros.length, to - at)
    await storage.write(at, zeros.subarray(0, step))
    await pace?.(step)
  }
  await storage.flush()
}
