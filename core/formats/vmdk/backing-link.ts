// Changing which image lies below an open VMDK, and dropping what covers it.

import type { BackingLink } from '../../image/facets.ts'
import type { Pace } from '../../jobs/pace.ts'
import { SpindleError } from '../../model/error.ts'
import type { BackingRef } from '../../model/image.ts'
import { roundUp } from '../../model/units.ts'
import type { Storage } from '../../storage/storage.ts'
import { withParent } from './descriptor.ts'
import { NOTHING, fixedRanges, tableBytes } from './grain-tables.ts'
import type { Opened } from './open.ts'
import type { SparsePart } from './part.ts'
import { SparseWriter } from './sparse-writer.ts'
import { currentText, writeDescriptor } from './writer.ts'
import type { VmdkWriter } from './writer.ts'

export class VmdkBackingLink implements BackingLink {
  readonly #storage: Storage
  readonly #opened: Opened
  readonly #writer: VmdkWriter

  constructor(storage: Storage, opened: Opened, writer: VmdkWriter) {
    this.#storage = storage
    this.#opened = opened
    this.#writer = writer
  }

  async setBacking(backing: BackingRef | undefined): Promise<void> {
    const parent = backing && this.#parentOf(backing)
    await this.#writer.flush()
    const { place } = this.#opened
    const text = withParent(await currentText(this.#storage, place), parent)
    if (place.room !== undefined && text.length > place.room)
      throw this.#refusal('has no room for the name of that backing file')
    await writeDescriptor(this.#storage, place, text)
    await this.#storage.flush()
  }

  async empty(pace?: Pace): Promise<void> {
    await this.#writer.flush()
    for (const part of this.#opened.parts) if (part.kind === 'sparse') await emptyPart(part, pace)
  }

  #parentOf({ path, format, identity }: BackingRef) {
    if (format !== undefined && format !== 'vmdk') throw this.#refusal(`can only lie on another VMDK, not on ${format}`)
    if (/["\n\r\0]/.test(path)) throw this.#refusal('has no way to write such a name')
    if (identity === undefined)
      throw this.#refusal(
        'notes what the image below calls itself, so that one has to be looked at: do not leave that out',
      )
    return { contentId: identity, name: path }
  }

  /** `what` is a clause that follows the path, without its full stop. */
  #refusal(what: string): SpindleError {
    const { name } = this.#storage
    return new SpindleError('unsupported', `${name} is a VMDK that ${what}. Nothing was changed.`, { path: name })
  }
}

/** Without its grains the file needs to be no longer than its tables. */
async function emptyPart({ tables, length }: SparsePart, pace: Pace | undefined): Promise<void> {
  const { shape, directory, storage } = tables
  const writer = await SparseWriter.open(tables)
  await writer.frontier()
  for (let index = 0; index < directory.length; index += 1) {
    const table = await tables.table(index)
    if (table?.some((entry) => entry !== NOTHING) === true) {
      table.fill(NOTHING)
      tables.changed.set(index, table)
    }
    const span = shape.grainSize * shape.tableEntries
    await pace?.(Math.min(span, length - index * span))
  }
  await writer.flush()
  const ends = [
    ...fixedRanges(shape).map(({ end }) => end),
    ...writer.tableStarts().map((at) => at + tableBytes(shape)),
  ]
  const end = roundUp(Math.max(shape.overhead, ...ends), shape.grainSize)
  if (end < (await storage.size())) await storage.truncate(end)
  await storage.flush()
}
