// A new descriptor for a disk that has lost its own: from the files its parts are in.

import type { OpenGate } from '../../../image/driver.ts'
import { fileNameOf } from '../../../image/file-name.ts'
import { SpindleError } from '../../../model/error.ts'
import type { Storage } from '../../../storage/storage.ts'
import { looksLikeDescriptor } from '../descriptor.ts'
import { descriptorText } from '../descriptor-text.ts'
import type { NewExtent } from '../descriptor-text.ts'
import { MAX_EXTENTS, SECTOR } from '../layout.ts'
import { leadersOf } from '../leader.ts'
import { designOf } from '../options.ts'
import type { Subformat } from '../options.ts'
import { findEmbedded } from '../open.ts'
import { hasSparseMagic, readShape } from '../sparse-shape.ts'

const PART = /^(.+)-(flat|[sf]\d{3,4})(\.vmdk)$/i

/** The disk that a lone part belonged to, as far as its files are there. */
export interface LostDisk {
  /** The name its descriptor has to have. */
  readonly name: string
  readonly subformat: Subformat
  readonly extents: readonly NewExtent[]
  readonly virtualSize: number
}

/** Undefined for a file that is no part of a larger disk, by its name and by what is in it. */
export async function lostDisk(storage: Storage, gate: OpenGate | undefined): Promise<LostDisk | undefined> {
  const fileName = fileNameOf(storage)
  const [, base, kind = '', extension = ''] = PART.exec(fileName) ?? []
  const [name] = leadersOf(fileName)
  if (base === undefined || name === undefined || !(await isPart(storage, kind))) return undefined
  const isFlat = kind.toLowerCase().startsWith('f')
  const extents: NewExtent[] = []
  if (kind.toLowerCase() === 'flat') extents.push(await extentOf(storage, fileName, true))
  for (let number = 1; kind.toLowerCase() !== 'flat' && number <= MAX_EXTENTS; number += 1) {
    const part = `${base}-${kind.slice(0, 1)}${String(number).padStart(3, '0')}${extension}`
    const file = part === fileName ? storage : await openOther(part, storage, gate)
    if (!file) break
    try {
      extents.push(await extentOf(file, part, isFlat))
    } finally {
      if (file !== storage) await file.close()
    }
  }
  // Without its beginning, or with a gap before this part, the disk cannot be told.
  if (!extents.some((extent) => extent.name === fileName)) return undefined
  const subformat =
    kind.toLowerCase() === 'flat' ? 'monolithicFlat' : isFlat ? 'twoGbMaxExtentFlat' : 'twoGbMaxExtentSparse'
  const virtualSize = extents.reduce((sum, { sectors }) => sum + sectors * SECTOR, 0)
  return { name, subformat, extents, virtualSize }
}

/** Throws `exists` when there is a file of that name, which is then no descriptor of this disk. */
export async function writeNewDescriptor(disk: LostDisk, storage: Storage, gate: OpenGate): Promise<string> {
  const { name, subformat, extents, virtualSize } = disk
  const text = descriptorText(designOf({ virtualSize, options: { subformat } }), extents, undefined)
  await using file = await gate.create(name, storage)
  await file.write(0, text)
  await file.flush()
  const count = extents.length === 1 ? 'its one part' : `its ${extents.length} parts`
  return `A new descriptor, ${file.name}, was written from ${count}.`
}

async function isPart(storage: Storage, kind: string): Promise<boolean> {
  const head = new Uint8Array(SECTOR)
  const count = await storage.read(0, head)
  const isSparse = hasSparseMagic(head.subarray(0, count))
  if (looksLikeDescriptor(head.subarray(0, count))) return false
  if (kind.toLowerCase().startsWith('f')) return !isSparse || kind.toLowerCase() === 'flat'
  if (!isSparse) return false
  const shape = await readShape(storage)
  return shape.kind === 'hosted' && (await findEmbedded(storage, shape)) === undefined
}

async function extentOf(storage: Storage, name: string, isFlat: boolean): Promise<NewExtent> {
  const bytes = isFlat ? await storage.size() : (await readShape(storage)).capacity
  return { sectors: Math.floor(bytes / SECTOR), kind: isFlat ? 'FLAT' : 'SPARSE', name }
}

async function openOther(name: string, from: Storage, gate: OpenGate | undefined): Promise<Storage | undefined> {
  try {
    return await gate?.open(name, from, 'read')
  } catch (error) {
    if (error instanceof SpindleError && error.code === 'missing-file') return undefined
    throw error
  }
}
