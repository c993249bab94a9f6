// Small VMDKs made to be damaged: in memory, with a grain of data here and there.

import type { CreateSpec } from '../../core/image/driver.ts'
import { vmdkDriver } from '../../core/formats/vmdk/driver.ts'
import { SPARSE_HEADER } from '../../core/formats/vmdk/layout.ts'
import type { SparseHeader } from '../../core/formats/vmdk/layout.ts'
import { packAlways } from '../../core/codec/codec.ts'
import { KiB } from '../../core/model/units.ts'
import type { MemoryStorage } from '../../core/storage/memory.ts'
import { MemoryFolder } from './memory-gate.ts'

export const GRAIN = 64 * KiB

/** `pattern` has one character a grain: a letter fills it, a dot leaves it out. The image is called `disk.vmdk`. */
export async function vmdkOf(pattern: string, options: CreateSpec['options'] = {}): Promise<MemoryFolder> {
  const folder = new MemoryFolder()
  const compress = options['subformat'] === 'streamOptimized'
  const spec = { virtualSize: pattern.length * GRAIN, options, compress }
  const builder = await vmdkDriver.build(folder.add('disk.vmdk'), spec, folder)
  for (const [index, character] of Array.from(pattern).entries()) {
    if (character === '.') continue
    const bytes = new Uint8Array(GRAIN).fill(character.charCodeAt(0))
    if (builder.packing) {
      const stream = packAlways('zlib', bytes)
      await builder.storage.write(builder.packing.place(index * GRAIN, stream.length), stream)
    } else await builder.storage.write(builder.place(index * GRAIN, GRAIN), bytes)
  }
  await builder.finish()
  return folder
}

export async function headerOf(storage: MemoryStorage): Promise<SparseHeader> {
  const bytes = new Uint8Array(SPARSE_HEADER.size)
  await storage.read(0, bytes)
  return SPARSE_HEADER.decode(bytes, { path: storage.name, offset: 0 })
}

export async function setHeader(storage: MemoryStorage, values: Partial<SparseHeader>): Promise<void> {
  await storage.write(0, SPARSE_HEADER.encode({ ...(await headerOf(storage)), ...values }))
}

export async function read32(storage: MemoryStorage, offset: number): Promise<number> {
  const bytes = new Uint8Array(4)
  await storage.read(offset, bytes)
  return new DataView(bytes.buffer).getUint32(0, true)
}

export async function write32(storage: MemoryStorage, offset: number, value: number): Promise<void> {
  const bytes = new Uint8Array(4)
  new DataView(bytes.buffer).setUint32(0, value, true)
  await storage.write(offset, bytes)
}

/** Where the entry of a grain is, in the first table or in its copy. */
export async function entryOffset(storage: MemoryStorage, grain: number, copy: 'first' | 'second'): Promise<number> {
  const header = await headerOf(storage)
  const directory = Number(copy === 'first' ? header.directory : header.redundant_directory) * 512
  return (await read32(storage, directory + 4 * Math.floor(grain / 512))) * 512 + 4 * (grain % 512)
}
