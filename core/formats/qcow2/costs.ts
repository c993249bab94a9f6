// What the present disk and each snapshot have to themselves: every table is looked at once, whoever shares it.

import type { CostTable, StateCosts } from '../../image/facets.ts'
import { Table } from '../../image/table-cache.ts'
import type { Pace } from '../../jobs/pace.ts'
import { MiB } from '../../model/units.ts'
import { readTables } from './check/read-tables.ts'
import { damaged } from './damage.ts'
import { adjacentRun, decodeL1, isEmptyL2 } from './entries.ts'
import { clustersFor, l1Bytes } from './geometry.ts'
import { soundEntry } from './image-file.ts'
import type { ImageFile } from './image-file.ts'
import { lineageOf } from './lineage.ts'
import { NOBODY, OwnerWindow, SEVERAL, WINDOW_CLUSTERS } from './owners.ts'
import { Refcounts } from './refcounts.ts'
import { readSnapshots } from './snapshots.ts'
import type { Snapshot } from './snapshot-entry.ts'
import { activeRoot, readRoot } from './tree.ts'
import type { Root } from './tree.ts'

/** The present disk; snapshots follow in the order of their table. */
const CURRENT = 1

/** Bytes of L1 tables that are held against each other; with more, states are taken to follow each other in time. */
const MOST_ROOTS = 64 * MiB

export class Qcow2Costs implements CostTable {
  readonly #file: ImageFile

  constructor(file: ImageFile) {
    this.#file = file
  }

  async costs(pace: Pace = () => undefined): Promise<StateCosts> {
    const file = this.#file
    const { clusterSize } = file.geometry
    const { damage, snapshots } = await readSnapshots(file.storage, file.header)
    if (damage) throw damage
    const tables = await l2Tables(file, snapshots)
    const refcounts = await Refcounts.open(file)
    const own = new Float64Array(snapshots.length + 2)
    const freed = new Float64Array(snapshots.length + 2)
    let shared = 0
    // What nothing counts belongs to nobody.
    const end = Math.min(Math.ceil(file.size / clusterSize), await refcounts.end())
    const windows = Math.ceil(end / WINDOW_CLUSTERS)
    for (let first = 0; first < end; first += WINDOW_CLUSTERS) {
      const window = new OwnerWindow(first, Math.min(end, first + WINDOW_CLUSTERS))
      await gather(file, snapshots, tables, window, (bytes) => pace(bytes / windows))
      await refcounts.eachWithin(window.first, window.end, (cluster, count) => {
        const owner = window.owner(cluster)
        if (owner === SEVERAL) shared += 1
        else if (owner !== NOBODY) {
          own[owner] = (own[owner] ?? 0) + 1
          // What is counted more often than it is used does not become free.
          if (count === window.references(cluster)) freed[owner] = (freed[owner] ?? 0) + 1
        }
      })
    }
    const parents = await parentsOf(file, snapshots)
    const cost = (owner: number, parent: number | undefined) => {
      const madeFrom = parent === undefined ? undefined : snapshots[parent]?.facts.id
      return {
        own: (own[owner] ?? 0) * clusterSize,
        frees: (freed[owner] ?? 0) * clusterSize,
        ...(madeFrom !== undefined && { madeFrom }),
      }
    }
    return {
      current: cost(CURRENT, parents.at(-1)),
      snapshots: snapshots.map((snapshot, index) => {
        const { frees, ...rest } = cost(CURRENT + 1 + index, parents[index])
        return { id: snapshot.facts.id, ...rest, frees: frees + listShrinksBy(file, snapshots, snapshot) }
      }),
      shared: shared * clusterSize,
    }
  }
}

/** For each snapshot and, last, the present disk: the index of the snapshot it was made from. */
async function parentsOf(file: ImageFile, snapshots: readonly Snapshot[]): Promise<readonly (number | undefined)[]> {
  if (snapshots.length === 0) return [undefined]
  const bytes = snapshots.reduce((sum, { l1 }) => sum + l1Bytes(l1.entries), 0)
  if (bytes > MOST_ROOTS) return [undefined, ...snapshots.keys()]
  const states = []
  // Saved machine state lies above the disk and says nothing of where it came from.
  for (const { l1 } of snapshots) {
    const root = await readRoot(file, l1)
    states.push({ ...root, end: Math.min(root.end, file.geometry.tableCount) })
  }
  states.push({ ...(await activeRoot(file)), end: file.geometry.tableCount })
  return lineageOf(file, states)
}

/** Bytes that the list of snapshots takes less without this one. */
function listShrinksBy({ geometry }: ImageFile, snapshots: readonly Snapshot[], gone: Snapshot): number {
  const length = snapshots.reduce((sum, { entry }) => sum + entry.length, 0)
  const clusters = clustersFor(length, geometry) - clustersFor(length - gone.entry.length, geometry)
  return clusters * geometry.clusterSize
}

/** Every L2 table there is, in file order: whose it is, and how many L1 entries lead to it. */
interface L2Tables {
  readonly offsets: Float64Array
  readonly owners: Uint32Array
  readonly uses: Uint32Array
  /** One of the L1 entries, for messages. */
  readonly indexes: Uint32Array
}

async function l2Tables(file: ImageFile, snapshots: readonly Snapshot[]): Promise<L2Tables> {
  const slots = new Map<number, number>()
  const owners: number[] = []
  const uses: number[] = []
  const indexes: number[] = []
  for await (const { root, owner } of rootsOf(file, snapshots)) {
    for (let index = root.first; index < root.end; index += 1) {
      const offset = tableAt(file, root, index)
      if (offset === undefined) continue
      const slot = slots.get(offset)
      if (slot === undefined) {
        slots.set(offset, owners.length)
        owners.push(owner)
        uses.push(1)
        indexes.push(index)
      } else {
        if (owners[slot] !== owner) owners[slot] = SEVERAL
        uses[slot] = (uses[slot] ?? 0) + 1
      }
    }
  }
  const offsets = Float64Array.from(slots.keys()).toSorted()
  const ordered = (values: readonly number[]): Uint32Array =>
    Uint32Array.from(offsets, (offset) => values[slots.get(offset) ?? 0] ?? 0)
  return { offsets, owners: ordered(owners), uses: ordered(uses), indexes: ordered(indexes) }
}

interface OwnedRoot {
  readonly root: Root
  readonly owner: number
}

async function* rootsOf(file: ImageFile, snapshots: readonly Snapshot[]): AsyncGenerator<OwnedRoot> {
  yield { root: await activeRoot(file), owner: CURRENT }
  for (const [index, { l1 }] of snapshots.entries())
    yield { root: await readRoot(file, l1), owner: CURRENT + 1 + index }
}

/** Host offset of the table that an L1 entry leads to. */
function tableAt({ geometry, size, storage }: ImageFile, root: Root, index: number): number | undefined {
  const entry = decodeL1(geometry, root.view, index)
  if (entry.kind === 'none') return undefined
  const place = root.offset + index * 8
  if (entry.kind === 'invalid') throw damaged(storage.name, `the L1 entry at offset ${place} ${entry.problem}`, place)
  if (entry.offset + geometry.clusterSize <= size) return entry.offset
  throw damaged(
    storage.name,
    `the L1 entry at offset ${place} leads to offset ${entry.offset}, past the end of the file at ${size}`,
    place,
  )
}

/** Notes whose everything in the window is. */
async function gather(
  file: ImageFile,
  snapshots: readonly Snapshot[],
  tables: L2Tables,
  window: OwnerWindow,
  pace: Pace,
): Promise<void> {
  const { geometry, header, storage } = file
  const { clusterSize } = geometry
  const claimL1 = (offset: number, entries: number, owner: number): void =>
    window.add(offset / clusterSize, clustersFor(l1Bytes(entries), geometry), owner, 1)
  claimL1(header.l1_table_offset, header.l1_size, CURRENT)
  for (const [index, { l1 }] of snapshots.entries()) claimL1(l1.offset, l1.entries, CURRENT + 1 + index)
  const step = geometry.virtualSize / Math.max(1, tables.offsets.length)
  for await (const piece of readTables(storage, tables.offsets, clusterSize)) {
    if (piece.failure) throw piece.failure
    for (let which = piece.first; which < piece.first + piece.count; which += 1) {
      const offset = tables.offsets[which] ?? 0
      const uses = { owner: tables.owners[which] ?? NOBODY, times: tables.uses[which] ?? 0 }
      const { buffer, byteOffset } = piece.view
      const table = new Table(offset, new Uint8Array(buffer, byteOffset + offset - piece.offset, clusterSize))
      window.add(offset / clusterSize, 1, uses.owner, uses.times)
      if (!geometry.externalData) gatherTable(file, table, tables.indexes[which] ?? 0, uses, window)
    }
    await pace(piece.count * step)
  }
}

interface Uses {
  readonly owner: number
  readonly times: number
}

function gatherTable(file: ImageFile, table: Table, index: number, { owner, times }: Uses, window: OwnerWindow): void {
  const { geometry } = file
  const { clusterSize, entriesPerTable } = geometry
  for (let number = 0; number < entriesPerTable; number += 1) {
    if (isEmptyL2(geometry, table.view, number)) continue
    const entry = soundEntry(file, table, index * entriesPerTable + number)
    if (entry.offset === undefined) continue
    const first = Math.floor(entry.offset / clusterSize)
    if (entry.kind === 'compressed') {
      const last = Math.floor((entry.offset + entry.length - 1) / clusterSize)
      window.add(first, last - first + 1, owner, times)
      continue
    }
    const run = adjacentRun(geometry, table.view, number, entriesPerTable)
    window.add(first, run, owner, times)
    number += run - 1
  }
}
