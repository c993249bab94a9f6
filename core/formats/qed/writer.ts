// Writing into an open image: new clusters behind all others, zeros in the place a cluster has, and the mark that this is going on.

import type { LayerWriter, Room } from '../../image/driver.ts'
import type { Table } from '../../image/table-cache.ts'
import { MiB, roundDown } from '../../model/units.ts'
import { FEATURE, FREE, ZERO } from './layout.ts'
import type { QedFile } from './qed-file.ts'

/** Entries that wait to be written; more are written out on the way. */
const MOST_CHANGED = 4 * MiB

/** Guest bytes of one request that one page of one L2 table speaks for. */
interface Span {
  readonly tableIndex: number
  readonly page: Table | undefined
  readonly end: number
}

interface Part {
  readonly span: Span
  readonly cluster: number
  /** Where byte `from` of the disk is, if the cluster has a place. */
  readonly host: number | undefined
  readonly from: number
  readonly to: number
}

export class QedWriter implements LayerWriter {
  readonly #file: QedFile
  readonly #hasBacking: boolean
  /** Where room was given out that is not linked yet. */
  #open: number | undefined
  #touched = false
  /** The mark is in the file. */
  #marked: boolean

  /** A file that is marked must have been looked through. */
  constructor(file: QedFile, hasBacking: boolean) {
    this.#file = file
    this.#hasBacking = hasBacking
    this.#marked = (file.header.features & FEATURE.needCheck) !== 0n
  }

  async reserve(offset: number, length: number): Promise<Room> {
    const file = this.#file
    this.#dropOpenRoom()
    const span = await this.#span(offset, length)
    const cluster = Math.floor(offset / file.geometry.clusterSize)
    await this.#touch()
    const { page, end } = span
    const host = page && file.host(page, cluster)
    return host === undefined || !page ? this.#newRoom(span, cluster) : this.#ownRoom(page, end, cluster, host)
  }

  async zero(offset: number, length: number, unmap: boolean): Promise<number> {
    const { storage, geometry, virtualSize } = this.#file
    return this.#eachCluster(offset, length, async ({ span, cluster, host, from, to }) => {
      if (host !== undefined) {
        await this.#touch()
        if (unmap) await storage.discard(host, to - from)
        else await storage.zero(host, to - from)
        return true
      }
      if (!this.#hasBacking || this.#entry(span.page, cluster) === ZERO) return true
      const end = Math.min((cluster + 1) * geometry.clusterSize, virtualSize)
      if (from > cluster * geometry.clusterSize || to < end) return false
      await this.#touch()
      await this.#mark()
      this.#setEntry(await this.#pageFor(span.tableIndex, cluster), cluster, ZERO)
      return true
    })
  }

  async discard(offset: number, length: number): Promise<number> {
    return this.#eachCluster(offset, length, async ({ host, from, to }) => {
      if (host === undefined) return true
      await this.#touch()
      await this.#file.storage.discard(host, to - from)
      return true
    })
  }

  async flush(): Promise<void> {
    this.#dropOpenRoom()
    if (!this.#touched) return
    await this.#commit()
    this.#touched = false
  }

  /** The session is over: when all went well, the next one need not look at the tables first. */
  async finish(): Promise<void> {
    const { storage, l1Pages, l2Pages, header } = this.#file
    this.#dropOpenRoom()
    if (!this.#marked || this.#touched || l1Pages.changedBytes + l2Pages.changedBytes > 0) return
    // What was given out and never filled.
    if ((await storage.size()) > this.#file.size) await storage.truncate(this.#file.size)
    await storage.flush()
    await this.#file.writeHeader({ features: header.features & ~FEATURE.needCheck })
    await storage.flush()
    this.#marked = false
  }

  /** Changes to all tables, durable. Entries are written when what they lead to is. */
  async #commit(): Promise<void> {
    const { storage, l1Pages, l2Pages } = this.#file
    await storage.flush()
    if (l1Pages.changedBytes + l2Pages.changedBytes === 0) return
    await l2Pages.writeBack()
    if (l1Pages.changedBytes > 0) {
      await storage.flush()
      await l1Pages.writeBack()
    }
    await storage.flush()
  }

  /** Before the first change of all. */
  async #touch(): Promise<void> {
    this.#touched = true
    if (this.#file.header.autoclear_features === 0n) return
    // What was kept there by programs that know more than this one is out of date from here on.
    await this.#file.writeHeader({ autoclear_features: 0n })
    await this.#file.storage.flush()
  }

  /** Says in the file that clusters are being given out. */
  async #mark(): Promise<void> {
    if (this.#marked) return
    const { storage, header } = this.#file
    await this.#file.writeHeader({ features: header.features | FEATURE.needCheck })
    await storage.flush()
    this.#marked = true
  }

  /** Clusters that lie together already: to be written in place. */
  #ownRoom(page: Table, end: number, cluster: number, host: number): Room {
    const { storage, geometry, virtualSize } = this.#file
    const { clusterSize } = geometry
    const last = Math.ceil(end / clusterSize)
    let stop = cluster + 1
    while (stop < last && this.#file.host(page, stop) === host + (stop - cluster) * clusterSize) stop += 1
    const start = cluster * clusterSize
    const length = Math.min(stop * clusterSize, virtualSize) - start
    return { start, length, storage, offset: host, linked: true, link: async () => {} }
  }

  async #newRoom(span: Span, cluster: number): Promise<Room> {
    const file = this.#file
    const { clusterSize } = file.geometry
    const { page } = span
    const hasPlace = (one: number): boolean => page !== undefined && file.host(page, one) !== undefined
    await this.#mark()
    const last = Math.ceil(span.end / clusterSize)
    let stop = cluster + 1
    while (stop < last && !hasPlace(stop)) stop += 1
    const offset = (this.#open = file.size)
    file.size += (stop - cluster) * clusterSize
    const start = cluster * clusterSize
    const length = Math.min(stop * clusterSize, file.virtualSize) - start
    const link = async (): Promise<void> => this.#link(span, { first: cluster, end: stop, offset, length })
    return { start, length, storage: file.storage, offset, linked: false, link }
  }

  async #link(
    span: Span,
    room: { readonly first: number; readonly end: number; readonly offset: number; readonly length: number },
  ): Promise<void> {
    const { geometry, storage, l1Pages, l2Pages } = this.#file
    const { first, end, offset, length } = room
    const rest = (end - first) * geometry.clusterSize - length
    // A disk may end inside a cluster: what was there before must not show when the disk grows.
    if (rest > 0) await storage.write(offset + length, new Uint8Array(rest))
    this.#open = undefined
    const page = await this.#pageFor(span.tableIndex, first)
    for (let cluster = first; cluster < end; cluster += 1)
      this.#setEntry(page, cluster, offset + (cluster - first) * geometry.clusterSize)
    if (l1Pages.changedBytes + l2Pages.changedBytes > MOST_CHANGED) await this.#commit()
  }

  /** The page for the entry of a cluster, as it is in memory now; with a new table where there is none. */
  async #pageFor(tableIndex: number, cluster: number): Promise<Table> {
    const file = this.#file
    const table = (await file.tableAt(tableIndex)) ?? (await this.#newTable(tableIndex))
    return file.page(file.l2Pages, table, cluster % file.geometry.entriesPerTable)
  }

  #setEntry(page: Table, cluster: number, entry: number): void {
    const file = this.#file
    file.setEntry(file.l2Pages, page, cluster % file.geometry.entriesPerTable, entry)
  }

  async #newTable(tableIndex: number): Promise<number> {
    const file = this.#file
    const { tableSize } = file.geometry
    const offset = file.size
    await file.storage.zero(offset, tableSize)
    file.size += tableSize
    const l1 = await file.page(file.l1Pages, file.header.l1_table_offset, tableIndex)
    file.setEntry(file.l1Pages, l1, tableIndex, offset)
    return offset
  }

  #entry(page: Table | undefined, cluster: number): number {
    return page ? this.#file.entry(page, cluster % this.#file.geometry.entriesPerTable) : FREE
  }

  /** Filling it must have failed. */
  #dropOpenRoom(): void {
    if (this.#open !== undefined) this.#file.size = this.#open
    this.#open = undefined
  }

  async #span(offset: number, length: number): Promise<Span> {
    const file = this.#file
    const { clusterSize, entriesPerTable, tableSpan } = file.geometry
    const tableIndex = Math.floor(offset / tableSpan)
    const cluster = Math.floor(offset / clusterSize)
    const pageEnd = (roundDown(cluster, file.entriesPerPage) + file.entriesPerPage) * clusterSize
    const table = await file.tableAt(tableIndex)
    const page = table === undefined ? undefined : await file.page(file.l2Pages, table, cluster % entriesPerTable)
    return { tableIndex, page, end: Math.min(offset + length, file.virtualSize, pageEnd) }
  }

  /** Until `work` says that it can do nothing for a cluster. Returns the bytes that it worked for. */
  async #eachCluster(offset: number, length: number, work: (part: Part) => Promise<boolean>): Promise<number> {
    this.#dropOpenRoom()
    const { clusterSize } = this.#file.geometry
    let span = await this.#span(offset, length)
    const { end } = span
    // Without a table there is nothing, which reads as zeros unless something lies below.
    if (!span.page && !this.#hasBacking) return end - offset
    let from = offset
    while (from < end) {
      const cluster = Math.floor(from / clusterSize)
      const to = Math.min(end, (cluster + 1) * clusterSize)
      const place = span.page && this.#file.host(span.page, cluster)
      const host = place === undefined ? undefined : place + (from - cluster * clusterSize)
      if (!(await work({ span, cluster, host, from, to }))) break
      from = to
      // A table may have been made for this cluster.
      if (!span.page && from < end) span = await this.#span(from, end - from)
    }
    return from - offset
  }
}
