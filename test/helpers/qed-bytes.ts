// QED images with what no program would write into them: header fields by name, table entries by place.

import { qedDriver } from '../../core/formats/qed/driver.ts'
import { HEADER } from '../../core/formats/qed/layout.ts'
import type { HeaderFields } from '../../core/formats/qed/layout.ts'
import { openDisk } from '../../core/image/chain.ts'
import { KiB } from '../../core/model/units.ts'
import { MemoryStorage } from '../../core/storage/memory.ts'
import type { Storage } from '../../core/storage/storage.ts'
import { MemoryFolder } from './memory-gate.ts'

export const CLUSTER = 4 * KiB
/** With two clusters to a table: the header, the L1 table, the first L2 table, and data from cluster 5 on. */
export const L1 = CLUSTER
export const L2 = 3 * CLUSTER
export const DATA = 5 * CLUSTER

/** An image whose clusters hold the given letters, in this order in the file; '.' is none. */
export async function qedOf(letters: string): Promise<MemoryStorage> {
  const storage = new MemoryStorage('disk.qed')
  const options = { cluster_size: CLUSTER, table_size: 2 }
  const spec = { virtualSize: letters.length * CLUSTER, options }
  const builder = await qedDriver.build(storage, spec, new MemoryFolder())
  for (const [cluster, letter] of Array.from(letters).entries())
    if (letter !== '.') await storage.write(builder.place(cluster * CLUSTER, CLUSTER), Buffer.alloc(CLUSTER, letter))
  await builder.finish()
  return storage
}

export async function readHeader(storage: Storage): Promise<HeaderFields> {
  const bytes = new Uint8Array(HEADER.size)
  await storage.read(0, bytes)
  return HEADER.decode(bytes, { path: storage.name, offset: 0 })
}

export async function setHeader(storage: Storage, values: Partial<HeaderFields>): Promise<void> {
  await storage.write(0, HEADER.encode({ ...(await readHeader(storage)), ...values }))
}

export async function setEntry(storage: Storage, table: number, index: number, entry: number | bigint): Promise<void> {
  const bytes = new DataView(new ArrayBuffer(8))
  bytes.setBigUint64(0, BigInt(entry), true)
  await storage.write(table + index * 8, new Uint8Array(bytes.buffer))
}

/** The first letter of every cluster; '.' for zeros. */
export async function lettersOf(storage: Storage): Promise<string> {
  const gate = new MemoryFolder()
  await using disk = await openDisk(storage, { drivers: [qedDriver], gate, format: 'qed', access: 'read' })
  let letters = ''
  for (let offset = 0; offset < disk.size; offset += CLUSTER) {
    const bytes = new Uint8Array(Math.min(CLUSTER, disk.size - offset))
    await disk.read(offset, bytes)
    const [first = 0] = bytes
    if (bytes.some((byte) => byte !== first)) throw new Error(`the cluster at ${offset} is torn`)
    letters += first === 0 ? '.' : String.fromCharCode(first)
  }
  return letters
}
