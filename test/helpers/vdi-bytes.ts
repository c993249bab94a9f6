// VDI images with what no program would write into them: header fields and map entries by name.

import { vdiDriver } from '../../core/formats/vdi/driver.ts'
import { ENTRY_SIZE, HEADER } from '../../core/formats/vdi/layout.ts'
import type { HeaderFields } from '../../core/formats/vdi/layout.ts'
import { openDisk } from '../../core/image/chain.ts'
import { KiB } from '../../core/model/units.ts'
import { MemoryStorage } from '../../core/storage/memory.ts'
import type { Storage } from '../../core/storage/storage.ts'
import { MemoryFolder } from './memory-gate.ts'

export const BLOCK = 64 * KiB
/** Where the builder puts the map. */
const MAP = 1024 * KiB

/** An image in `storage` whose blocks hold the given letters in this order of places; '.' is none. */
export async function makeVdi(storage: Storage, letters: string, options = {}): Promise<void> {
  const virtualSize = letters.length * BLOCK
  const spec = { virtualSize, options: { cluster_size: BLOCK, ...options } }
  const builder = await vdiDriver.build(storage, spec, new MemoryFolder())
  for (const [block, letter] of Array.from(letters).entries())
    if (letter !== '.') await storage.write(builder.place(block * BLOCK, BLOCK), Buffer.alloc(BLOCK, letter))
  await builder.finish()
}

export async function vdiOf(letters: string, options = {}): Promise<MemoryStorage> {
  const storage = new MemoryStorage('disk.vdi')
  await makeVdi(storage, letters, options)
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

export async function setEntry(storage: Storage, block: number, place: number): Promise<void> {
  const entry = new DataView(new ArrayBuffer(ENTRY_SIZE))
  entry.setUint32(0, place, true)
  await storage.write(MAP + block * ENTRY_SIZE, new Uint8Array(entry.buffer))
}

/** The first letter of every block; '.' for zeros. */
export async function lettersOf(storage: Storage): Promise<string> {
  await using disk = await openDisk(storage, {
    drivers: [vdiDriver],
    gate: new MemoryFolder(),
    format: 'vdi',
    access: 'read',
  })
  let letters = ''
  for (let offset = 0; offset < disk.size; offset += BLOCK) {
    const bytes = new Uint8Array(Math.min(BLOCK, disk.size - offset))
    await disk.read(offset, bytes)
    const [first = 0] = bytes
    if (bytes.some((byte) => byte !== first)) throw new Error(`the block at ${offset} is torn`)
    letters += first === 0 ? '.' : String.fromCharCode(first)
  }
  return letters
}
