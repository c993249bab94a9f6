// Looking at everything that can be wrong in the parts of a VMDK: tables, their copies, and where grains are.

import { Findings } from '../../../image/findings.ts'
import type { Pace } from '../../../jobs/pace.ts'
import type { CheckReport } from '../../../model/check.ts'
import type { Storage } from '../../../storage/storage.ts'
import { readPadded } from '../../../storage/storage.ts'
import { GrainTables, NOTHING, ZEROS, fixedRanges, tableBytes } from '../grain-tables.ts'
import { GRAIN_SIZE, SECTOR } from '../layout.ts'
import { packedGrain } from '../part.ts'
import type { Part } from '../part.ts'
import { overlapsOne } from '../sparse-writer.ts'

/** What a repair needs to know of a sparse extent. */
export interface ExaminedPart {
  readonly tables: GrainTables
  /** The directory of the copies, where there is one. */
  readonly copies: GrainTables | undefined
  /** Tables whose copy says something else, by index. */
  readonly differing: readonly number[]
}

interface Counts {
  total: number
  allocated: number
  fragmented: number
  packed: number
  end: number
}

/** Sectors of grains, as many as there turn out to be. */
class SectorList {
  #sectors = new Uint32Array(1024)
  #count = 0

  add(sector: number): void {
    if (this.#count === this.#sectors.length) {
      const longer = new Uint32Array(2 * this.#count)
      longer.set(this.#sectors)
      this.#sectors = longer
    }
    this.#sectors[this.#count] = sector
    this.#count += 1
  }

  sorted(): Uint32Array {
    return this.#sectors.subarray(0, this.#count).toSorted()
  }
}

export class Examination {
  readonly findings = new Findings()
  readonly parts: ExaminedPart[] = []
  readonly #counts: Counts = { total: 0, allocated: 0, fragmented: 0, packed: 0, end: 0 }
  #grainSize = GRAIN_SIZE

  async look(parts: readonly Part[], pace?: Pace): Promise<void> {
    for (const part of parts) {
      if (part.kind === 'flat') await this.#flat(part.storage, part.offset + part.length)
      if (part.kind === 'sparse') await this.sparse(part.tables, pace)
      else await pace?.(part.length)
    }
  }

  report(): CheckReport {
    const { total, allocated, fragmented, packed, end } = this.#counts
    const { findings } = this
    return {
      findings: findings.list(),
      unlisted: findings.unlisted(),
      clusterSize: this.#grainSize,
      totals: {
        imageEndOffset: end,
        totalClusters: total,
        allocatedClusters: allocated,
        fragmentedClusters: fragmented,
        compressedClusters: packed,
        corruptions: findings.count('error'),
        leaks: 0,
        checkErrors: 0,
      },
    }
  }

  async #flat(storage: Storage, end: number): Promise<void> {
    const size = await storage.size()
    this.#counts.end = Math.max(this.#counts.end, Math.min(size, end))
    if (size >= end) return
    this.findings.add('error', 1, () => ({
      code: 'flat-short',
      message: `${storage.name} ends after ${size} bytes, and ${end} belong to the disk: the rest of it is lost.`,
      hostOffset: size,
    }))
  }

  async sparse(tables: GrainTables, pace?: Pace): Promise<void> {
    const { shape, storage, directory } = tables
    const { grainSize, tableEntries, capacity } = shape
    this.#grainSize = grainSize
    this.#counts.total += Math.ceil(capacity / grainSize)
    const size = await storage.size()
    if (shape.unclean)
      this.findings.add('note', 1, () => ({
        code: 'unclean-shutdown',
        message: `${storage.name} was not closed properly by the program that wrote it last.`,
        hostOffset: 72,
      }))
    const copies = shape.redundant === undefined ? undefined : await GrainTables.open(storage, shape, shape.redundant)
    const length = tableBytes(shape)
    const starts = Float64Array.from(
      [...directory, ...(copies?.directory ?? [])].filter((offset) => offset > 0 && offset + length <= size),
    ).toSorted()
    const grains = new SectorList()
    const differing: number[] = []
    let last = NOTHING
    for (let index = 0; index < shape.tableCount; index += 1) {
      await pace?.(Math.min(grainSize * tableEntries, capacity - index * grainSize * tableEntries))
      const offset = directory[index] ?? 0
      const copy = copies?.directory[index] ?? 0
      if (copies && (await this.#differs(storage, { index, offset, copy, length, size }))) differing.push(index)
      if (offset === 0) continue
      if (offset + length > size) {
        this.#error(
          'table-past-end',
          `table ${index} should be at ${offset}, past the end of the file`,
          storage,
          offset,
        )
        continue
      }
      const table = await tables.table(index)
      if (!table) continue
      for (const [at, entry] of table.entries()) {
        if (entry === NOTHING || entry === ZEROS) continue
        const grain = index * tableEntries + at
        if (await this.#grain(tables, { grain, entry, starts, length, size })) grains.add(entry / SECTOR)
        this.#counts.allocated += 1
        if (shape.packed) this.#counts.packed += 1
        else if (last > ZEROS && entry !== last + grainSize) this.#counts.fragmented += 1
        last = entry
      }
    }
    this.#overlaps(grains.sorted(), storage, shape.packed ? SECTOR : grainSize)
    this.parts.push({ tables, copies, differing })
  }

  /** Whether the grain lies where one can be. */
  async #grain(
    tables: GrainTables,
    where: {
      readonly grain: number
      readonly entry: number
      readonly starts: Float64Array
      readonly length: number
      readonly size: number
    },
  ): Promise<boolean> {
    const { shape, storage } = tables
    const { grain, entry, starts, length, size } = where
    const guest = grain * shape.grainSize
    if (!(entry < size)) {
      const place = Number.isFinite(entry) ? `should be at ${entry}, past the end of the file` : 'has no valid entry'
      this.#error('grain-past-end', `the grain for byte ${guest} ${place}`, storage, entry, guest)
      return false
    }
    if (shape.packed) {
      const found = await packedGrain(tables, grain, entry)
      if (typeof found === 'string') this.#error('packed-grain', found, storage, entry, guest)
    }
    const end = entry + (shape.packed ? SECTOR : shape.grainSize)
    const isFixed = fixedRanges(shape).some((range) => entry < range.end && end > range.start)
    if (isFixed || overlapsOne(starts, length, entry, end)) {
      const what = `the grain for byte ${guest} at ${entry} lies where tables are`
      this.#error('grain-in-tables', what, storage, entry, guest)
      return false
    }
    this.#counts.end = Math.max(this.#counts.end, Math.min(size, end))
    return true
  }

  #overlaps(sectors: Uint32Array, storage: Storage, size: number): void {
    let end = 0
    for (const sector of sectors) {
      const offset = sector * SECTOR
      if (offset < end)
        this.#error('grains-overlap', `two grains share the bytes at ${offset}: one of them is lost`, storage, offset)
      end = offset + size
    }
  }

  /** After a crash the copy may lag behind, which harms nobody until the first one is damaged. */
  async #differs(
    storage: Storage,
    where: {
      readonly index: number
      readonly offset: number
      readonly copy: number
      readonly length: number
      readonly size: number
    },
  ): Promise<boolean> {
    const { index, offset, copy, length, size } = where
    if (offset === 0 && copy === 0) return false
    const isSound = (place: number): boolean => place > 0 && place + length <= size
    if (isSound(offset) && isSound(copy)) {
      const [first, second] = [new Uint8Array(length), new Uint8Array(length)]
      await readPadded(storage, offset, first)
      await readPadded(storage, copy, second)
      if (Buffer.compare(first, second) === 0) return false
    }
    this.findings.add('note', 1, () => ({
      code: 'copies-differ',
      message: `The two copies of table ${index} in ${storage.name}, at ${offset} and ${copy}, do not say the same.`,
      hostOffset: copy,
    }))
    return true
  }

  #error(code: string, what: string, storage: Storage, hostOffset: number, guestOffset?: number): void {
    this.findings.add('error', 1, () => ({
      code,
      message: `In ${storage.name}, ${what}.`,
      ...(Number.isFinite(hostOffset) && { hostOffset }),
      ...(guestOffset !== undefined && { guestOffset }),
    }))
  }
}
