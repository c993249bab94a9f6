// Writing into an open image: room for guest data, zeros without data, and giving room back.

import type { LayerWriter, Room } from '../../image/driver.ts'
import { roundDown, roundUp } from '../../model/units.ts'
import type { Run } from './allocator.ts'
import type { Changes } from './changes.ts'
import { UNALLOCATED } from './entries.ts'
import type { CompressedEntry, StandardEntry } from './entries.ts'
import { soundEntry } from './image-file.ts'
import type { ImageFile } from './image-file.ts'
import { AUTOCLEAR, CRYPT } from './layout.ts'
import { bitOf, hasRoom, isSame, keepsData, maskOf, zeroed } from './subclusters.ts'
import type { OpenChanges } from './open-changes.ts'
import { PackedWriting } from './packed-writing.ts'
import type { Table } from '../../image/table-cache.ts'

type Entry = StandardEntry | CompressedEntry

/** Guest bytes of one request that one L2 table speaks for. */
interface Span {
  readonly tableIndex: number
  readonly table: Table | undefined
  readonly end: number
}

/** A guest cluster and what its entry was before. */
interface Place {
  readonly cluster: number
  readonly old: Entry
}

export class Qcow2Writer implements LayerWriter {
  readonly #file: ImageFile
  readonly #work: OpenChanges
  readonly #hasBacking: boolean
  /** The external data file is to be a complete image by itself. */
  readonly #rawData: boolean
  readonly packing?: NonNullable<LayerWriter['packing']>
  readonly #packed: PackedWriting
  #changes: Changes | undefined
  /** Room that was given out and is not linked yet. */
  #open: Run | undefined

  constructor(file: ImageFile, work: OpenChanges, hasBacking: boolean) {
    this.#file = file
    this.#work = work
    this.#hasBacking = hasBacking
    this.#rawData = (file.header.autoclear_features & AUTOCLEAR.rawExternalData) !== 0n
    this.#packed = new PackedWriting(file)
    const { compression_type, crypt_method } = file.header
    // Data in a file of its own, and encrypted data, cannot be packed.
    if (file.geometry.externalData || crypt_method !== CRYPT.none) return
    this.packing = {
      codec: compression_type === 0 ? 'deflate' : 'zstd',
      blockSize: file.geometry.clusterSize,
      write: async (offset, packed) => this.#writePacked(offset, packed),
    }
  }

  async reserve(offset: number, length: number): Promise<Room> {
    this.#packed.reset()
    const changes = await this.#ready()
    const { geometry } = this.#file
    if (geometry.externalData) await changes.keepDataFile()
    const span = await this.#span(offset, length)
    const first = this.#entry(span, Math.floor(offset / geometry.clusterSize))
    return (await changes.owns(first)) ? this.#ownRoom(changes, span, offset) : this.#newRoom(changes, span, offset)
  }

  async zero(offset: number, length: number, unmap: boolean): Promise<number> {
    this.#packed.reset()
    const changes = await this.#ready()
    const { dataStorage, geometry } = this.#file
    // Version 2 cannot say “zeros”, only “nothing here”, and that shows what lies below.
    if (geometry.version < 3 && this.#hasBacking) return 0
    const span = await this.#span(offset, length)
    if (this.#rawData) {
      if (unmap) await dataStorage.discard(offset, span.end - offset)
      else await dataStorage.zero(offset, span.end - offset)
    }
    let position = offset
    while (position < span.end) {
      const cluster = Math.floor(position / geometry.clusterSize)
      const old = this.#entry(span, cluster)
      const { next, end } = zeroed(geometry, old, {
        cluster,
        from: position,
        to: span.end,
        unmap,
        hasBacking: this.#hasBacking,
      })
      if (end === position) break
      if (!isSame(old, next)) await this.#replace(changes, span, cluster, old, next)
      if (end % geometry.clusterSize !== 0 && end < span.end) return end - offset
      position = end
    }
    return position - offset
  }

  async discard(offset: number, length: number): Promise<number> {
    this.#packed.reset()
    const changes = await this.#ready()
    const { dataStorage, geometry } = this.#file
    // What version 2 discards shows what lies below, which was covered before: old data must not come back.
    if (geometry.version < 3 && this.#hasBacking) return length
    const span = await this.#span(offset, length)
    if (!span.table && !this.#hasBacking) return span.end - offset
    const gone: StandardEntry = geometry.version < 3 ? UNALLOCATED : { ...UNALLOCATED, zero: geometry.allSubclusters }
    const end = span.end === geometry.virtualSize ? span.end : roundDown(span.end, geometry.clusterSize)
    const start = roundUp(offset, geometry.clusterSize)
    if (this.#rawData && start < end) await dataStorage.discard(start, end - start)
    for (let position = start; position < end; position += geometry.clusterSize) {
      const cluster = position / geometry.clusterSize
      const old = this.#entry(span, cluster)
      // Where there is neither room nor anything below, nothing would become different.
      if ((this.#hasBacking || hasRoom(old)) && !isSame(old, gone))
        await this.#replace(changes, span, cluster, old, gone)
    }
    return span.end - offset
  }

  async flush(): Promise<void> {
    this.#packed.reset()
    if (!this.#changes) return
    await this.#dropOpenRoom(this.#changes)
    await this.#changes.commit()
  }

  async #writePacked(offset: number, packed: Uint8Array): Promise<void> {
    const changes = await this.#ready()
    const { clusterSize } = this.#file.geometry
    const cluster = offset / clusterSize
    const span = await this.#span(offset, clusterSize)
    const old = this.#entry(span, cluster)
    if (old.offset !== undefined) this.#packed.reset()
    await changes.mayRelease(old)
    const table = await changes.ownTable(span.tableIndex)
    changes.replace(table, cluster, old, await this.#packed.write(changes, packed))
  }

  /** Room the entries have already: to be written in place where it holds data, to be filled and linked where not. */
  async #ownRoom(changes: Changes, span: Span, offset: number): Promise<Room> {
    const { geometry, dataStorage } = this.#file
    const { clusterSize, subclusterSize } = geometry
    const firstCluster = Math.floor(offset / clusterSize)
    const first = this.#entry(span, firstCluster)
    const host = first.offset ?? 0
    const start = roundDown(offset, subclusterSize)
    const linked = hasData(first, bitOf(geometry, start))
    const places: Place[] = []
    let stop = start
    for (let cluster = firstCluster; stop < span.end; cluster += 1) {
      const old = this.#entry(span, cluster)
      if (old.offset !== host + (cluster - firstCluster) * clusterSize || !(await changes.owns(old))) break
      const clusterEnd = (cluster + 1) * clusterSize
      while (stop < Math.min(span.end, clusterEnd) && hasData(old, bitOf(geometry, stop)) === linked)
        stop += subclusterSize
      places.push({ cluster, old })
      if (stop < clusterEnd) break
    }
    const end = Math.min(stop, geometry.virtualSize)
    if (!linked) await changes.ownTable(span.tableIndex)
    return {
      start,
      length: end - start,
      storage: dataStorage,
      offset: host + (start - firstCluster * clusterSize),
      linked,
      link: async () => {
        if (!linked) await this.#link(changes, span, { places, host, start, end })
      },
    }
  }

  /** Fresh room for entries that have none of their own; what they hold already has to move along. */
  async #newRoom(changes: Changes, span: Span, offset: number): Promise<Room> {
    const { geometry, dataStorage } = this.#file
    const { clusterSize, subclusterSize } = geometry
    const firstCluster = Math.floor(offset / clusterSize)
    const wanted: Place[] = []
    for (let cluster = firstCluster; cluster * clusterSize < span.end; cluster += 1) {
      const old = this.#entry(span, cluster)
      if (cluster > firstCluster && (await changes.owns(old))) break
      await changes.mayRelease(old)
      wanted.push({ cluster, old })
    }
    await changes.ownTable(span.tableIndex)
    // In an external data file every guest byte has its place from the beginning.
    const run = geometry.externalData
      ? { first: firstCluster, count: wanted.length }
      : (this.#open = await changes.allocate(wanted.length))
    const places = wanted.slice(0, run.count)
    const host = run.first * clusterSize
    const runEnd = (firstCluster + run.count) * clusterSize
    const start = keepsDataAt(places, 0) ? firstCluster * clusterSize : roundDown(offset, subclusterSize)
    const wholeEnd = keepsDataAt(places, -1) ? runEnd : Math.min(runEnd, roundUp(span.end, subclusterSize))
    const end = Math.min(wholeEnd, geometry.virtualSize)
    return {
      start,
      length: end - start,
      storage: dataStorage,
      offset: host + (start - firstCluster * clusterSize),
      linked: false,
      link: () => this.#link(changes, span, { places, host, start, end }),
    }
  }

  /** Makes the entries of `places` lead to the clusters from `host` on, with data in guest bytes `start` to `end`. */
  async #link(
    changes: Changes,
    span: Span,
    room: { readonly places: readonly Place[]; readonly host: number; readonly start: number; readonly end: number },
  ): Promise<void> {
    const { geometry, dataStorage } = this.#file
    const { clusterSize, subclusterSize } = geometry
    const { places, host, start, end } = room
    const firstCluster = places[0]?.cluster ?? 0
    // A disk may end inside a cluster: what was there before must not show when the disk grows.
    const rest = roundUp(end, subclusterSize) - end
    if (rest > 0 && !geometry.externalData)
      await dataStorage.write(host + (end - firstCluster * clusterSize), new Uint8Array(rest))
    const table = await changes.ownTable(span.tableIndex)
    for (const { cluster, old } of places) {
      const mask = maskOf(geometry, cluster, start, end)
      const before = old.kind === 'standard' ? old : UNALLOCATED
      changes.replace(table, cluster, old, {
        kind: 'standard',
        offset: host + (cluster - firstCluster) * clusterSize,
        copied: true,
        allocated: (before.allocated | mask) >>> 0,
        zero: (before.zero & ~mask) >>> 0,
      })
    }
    this.#open = undefined
  }

  async #replace(changes: Changes, span: Span, cluster: number, old: Entry, next: Entry): Promise<void> {
    if (next.kind === 'compressed') return
    if (old.offset !== next.offset) await changes.mayRelease(old)
    changes.replace(await changes.ownTable(span.tableIndex), cluster, old, next)
  }

  async #ready(): Promise<Changes> {
    const changes = (this.#changes ??= await this.#work.changes())
    await this.#dropOpenRoom(changes)
    await changes.ready()
    await changes.disownBitmaps()
    return changes
  }

  /** Filling it must have failed. */
  async #dropOpenRoom(changes: Changes): Promise<void> {
    const open = this.#open
    this.#open = undefined
    if (open) await changes.giveBack(open)
  }

  async #span(offset: number, length: number): Promise<Span> {
    const { tableSpan, virtualSize } = this.#file.geometry
    const tableIndex = Math.floor(offset / tableSpan)
    const end = Math.min(offset + length, virtualSize, (tableIndex + 1) * tableSpan)
    return { tableIndex, table: await this.#file.table(tableIndex), end }
  }

  #entry(span: Span, cluster: number): Entry {
    return span.table ? soundEntry(this.#file, span.table, cluster) : UNALLOCATED
  }
}

function hasData(entry: Entry, bit: number): boolean {
  return entry.kind === 'standard' && (entry.allocated & bit) !== 0
}

function keepsDataAt(places: readonly Place[], index: number): boolean {
  const place = places.at(index)
  return place !== undefined && keepsData(place.old)
}
