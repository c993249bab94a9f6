// Putting right what can be put right without losing anything: the copies of tables, and the mark of a crash.

import type { Storage } from '../../../storage/storage.ts'
import { readPadded } from '../../../storage/storage.ts'
import { NOTHING, ZEROS, decodeTable, encodeTable, tableBytes } from '../grain-tables.ts'
import type { GrainTables } from '../grain-tables.ts'
import { SECTOR, SPARSE_HEADER } from '../layout.ts'
import type { SparseShape } from '../sparse-shape.ts'
import type { ExaminedPart } from './examine.ts'

/** What was done, one sentence each. */
export async function repairPart(part: ExaminedPart): Promise<readonly string[]> {
  const { tables, copies, differing } = part
  const { storage, shape } = tables
  const done: string[] = []
  let restored = 0
  let renewed = 0
  for (const index of copies ? differing : []) {
    const outcome = await repairTable(tables, copies?.directory[index] ?? 0, index)
    if (outcome === 'restored') restored += 1
    if (outcome === 'renewed') renewed += 1
  }
  await storage.flush()
  if (restored > 0) done.push(`${restored} damaged tables of ${storage.name} were restored from their copies.`)
  if (renewed > 0) done.push(`${renewed} copies of tables in ${storage.name} were brought up to date.`)
  if (shape.kind === 'hosted' && shape.unclean) {
    await storage.write(SPARSE_HEADER.fields.unclean_shutdown.offset, Uint8Array.of(0))
    await storage.flush()
    done.push(`${storage.name} is marked as closed again.`)
  }
  return done
}

/** The first copy counts, unless it leads outside of the file and the second one does not. */
async function repairTable(
  tables: GrainTables,
  copy: number,
  index: number,
): Promise<'restored' | 'renewed' | undefined> {
  const { storage, shape, directory } = tables
  const offset = directory[index] ?? 0
  const first = await readSound(storage, shape, offset)
  const second = await readSound(storage, shape, copy)
  if (first && second && !first.isSound && second.isSound) {
    await storage.write(offset, second.bytes)
    return 'restored'
  }
  if (!first && offset > 0 && second?.isSound === true) {
    // The table itself is gone, its copy is whole: both directories may lead there.
    await storage.write(shape.directory + index * 4, encodeTable(Float64Array.of(copy)))
    return 'restored'
  }
  if (!first?.isSound || shape.redundant === undefined) return undefined
  if (second) {
    await storage.write(copy, first.bytes)
    return 'renewed'
  }
  const place = Math.ceil((await storage.size()) / SECTOR) * SECTOR
  await storage.write(place, first.bytes)
  await storage.flush()
  await storage.write(shape.redundant + index * 4, encodeTable(Float64Array.of(place)))
  return 'renewed'
}

interface ReadTable {
  readonly bytes: Uint8Array
  /** All of its grains lie inside the file. */
  readonly isSound: boolean
}

async function readSound(storage: Storage, shape: SparseShape, offset: number): Promise<ReadTable | undefined> {
  const size = await storage.size()
  const bytes = new Uint8Array(tableBytes(shape))
  if (offset === 0 || offset + bytes.length > size) return undefined
  await readPadded(storage, offset, bytes)
  const isSound = decodeTable(bytes, shape).every((entry) => entry === NOTHING || entry === ZEROS || entry < size)
  return { bytes, isSound }
}
