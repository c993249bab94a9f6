// Opening: the descriptor, wherever it is, and the files it names.

import type { Access, OpenGate } from '../../image/driver.ts'
import { SpindleError } from '../../model/error.ts'
import type { ErrorCode, ErrorData } from '../../model/error.ts'
import type { Storage } from '../../storage/storage.ts'
import { readPadded } from '../../storage/storage.ts'
import { notValid, printable, unsupported } from './damage.ts'
import { looksLikeDescriptor, parseDescriptor } from './descriptor.ts'
import type { Descriptor, ExtentLine } from './descriptor.ts'
import { GrainTables } from './grain-tables.ts'
import { MAX_DESCRIPTOR, SECTOR } from './layout.ts'
import type { Part } from './part.ts'
import { hasSparseMagic, readShape } from './sparse-shape.ts'
import type { SparseShape } from './sparse-shape.ts'

export interface Opened {
  readonly descriptor: Descriptor
  /** Where in the file the descriptor is; its length is the room it has, where that is limited. */
  readonly place: { readonly offset: number; readonly room?: number }
  readonly parts: readonly Part[]
  readonly virtualSize: number
  /** Files beside the image, each once. */
  readonly files: readonly Storage[]
  readonly unreadable?: ErrorData
}

const READABLE = new Set([
  'monolithicSparse',
  'monolithicFlat',
  'twoGbMaxExtentSparse',
  'twoGbMaxExtentFlat',
  'streamOptimized',
  'vmfs',
  'vmfsThin',
  'vmfsEagerZeroedThick',
  'vmfsPreallocated',
  'vmfsSparse',
  'seSparse',
])

/** Throws `invalid-image` or `unsupported`; closes nothing of what it was given. */
export async function openImage(storage: Storage, gate: OpenGate, access: Access): Promise<Opened> {
  const head = new Uint8Array(1024)
  const size = await storage.read(0, head)
  if (hasSparseMagic(head.subarray(0, size))) return openSingle(storage)
  if (looksLikeDescriptor(head.subarray(0, size))) return openDescribed(storage, gate, access)
  throw notValid(
    storage.name,
    'it begins neither as a descriptor nor as a sparse extent. If it holds the data of a disk whose descriptor is lost, “spindle check -f vmdk -r all” makes a new one',
  )
}

/** A sparse extent with its descriptor inside. */
async function openSingle(storage: Storage): Promise<Opened> {
  const shape = await readShape(storage)
  const descriptor = await embeddedDescriptor(storage, shape)
  checkType(descriptor, storage.name)
  const tables = await GrainTables.open(storage, shape)
  return {
    descriptor,
    place: { offset: shape.descriptor?.offset ?? 0, room: shape.descriptor?.length ?? 0 },
    parts: [{ kind: 'sparse', start: 0, length: shape.capacity, access: 'RW', tables }],
    virtualSize: shape.capacity,
    files: [],
  }
}

/** Throws `unsupported` for an extent that has none: it is a part of a disk, and its descriptor is elsewhere. */
async function embeddedDescriptor(storage: Storage, shape: SparseShape): Promise<Descriptor> {
  const descriptor = await findEmbedded(storage, shape)
  if (descriptor) return descriptor
  if (shape.kind === 'cowd')
    return { text: '', createType: 'vmfsSparse', contentId: undefined, extents: [], database: new Map() }
  throw unsupported(
    storage.name,
    'is one part of a disk, and the descriptor that says what belongs to it is not beside it. Put it back, or have a new one made with “spindle check -r all”',
  )
}

export async function findEmbedded(storage: Storage, shape: SparseShape): Promise<Descriptor | undefined> {
  if (!shape.descriptor) return undefined
  const bytes = new Uint8Array(shape.descriptor.length)
  await readPadded(storage, shape.descriptor.offset, bytes)
  return bytes[0] === 0 ? undefined : parseDescriptor(bytes, storage.name)
}

export async function readDescriptor(storage: Storage): Promise<Descriptor> {
  const size = await storage.size()
  if (size > MAX_DESCRIPTOR) throw notValid(storage.name, `a descriptor of ${size} bytes is larger than any disk needs`)
  const bytes = new Uint8Array(size)
  await readPadded(storage, 0, bytes)
  return parseDescriptor(bytes, storage.name)
}

const UNREACHED = new Set<ErrorCode>(['missing-file', 'outside'])

async function openDescribed(storage: Storage, gate: OpenGate, access: Access): Promise<Opened> {
  const descriptor = await readDescriptor(storage)
  checkType(descriptor, storage.name)
  if (descriptor.extents.length === 0) throw notValid(storage.name, 'its descriptor names no part of the disk')
  const files = new Map<string, Storage>()
  const place = { offset: 0 }
  try {
    const parts: Part[] = []
    let start = 0
    for (const line of descriptor.extents) {
      const part = await openPart(line, start, { storage, gate, access, files })
      parts.push(part)
      start += part.length
    }
    checkTotal(start, storage.name)
    return { descriptor, place, parts, virtualSize: start, files: [...files.values()] }
  } catch (error) {
    for (const file of files.values()) await file.close()
    if (!(error instanceof SpindleError) || !UNREACHED.has(error.code)) throw error
    // It can still be told what disk that was.
    const virtualSize = descriptor.extents.reduce((sum, { sectors }) => sum + sectors * SECTOR, 0)
    checkTotal(virtualSize, storage.name)
    return { descriptor, place, parts: [], virtualSize, files: [], unreadable: error.toData() }
  }
}

interface Opening {
  readonly storage: Storage
  readonly gate: OpenGate
  readonly access: Access
  readonly files: Map<string, Storage>
}

async function openPart(line: ExtentLine, start: number, opening: Opening): Promise<Part> {
  const { access, kind } = line
  const length = line.sectors * SECTOR
  if (kind === 'ZERO') return { kind: 'zero', start, length, access }
  const known = opening.files.get(line.name)
  const file = known ?? (await openExtent(line, opening))
  if (kind === 'FLAT' || kind === 'VMFS')
    return { kind: 'flat', start, length, access, storage: file, offset: line.offset * SECTOR }
  if (known) throw notValid(opening.storage.name, `it names “${printable(line.name)}” twice as part of its disk`)
  const shape = await readShape(file)
  return { kind: 'sparse', start, length: shape.capacity, access, tables: await GrainTables.open(file, shape) }
}

async function openExtent({ name, access: allowed }: ExtentLine, opening: Opening): Promise<Storage> {
  const { storage, gate, files } = opening
  const access = allowed === 'RW' ? opening.access : 'read'
  // A name with a colon in it would be taken for a protocol.
  const reference = name.includes(':') ? `./${name}` : name
  const file = gate.openPart ? await gate.openPart(reference, storage) : await gate.open(reference, storage, access)
  const isKnown = [storage, ...files.values()].some((other) => other.identity === file.identity)
  if (isKnown) {
    await file.close()
    throw notValid(storage.name, `“${printable(name)}” in its descriptor leads to a file that is part of it already`)
  }
  files.set(name, file)
  return file
}

function checkTotal(virtualSize: number, path: string): void {
  if (!Number.isSafeInteger(virtualSize)) throw notValid(path, 'its parts together are larger than any disk can be')
}

function checkType({ createType }: Descriptor, path: string): void {
  if (!READABLE.has(createType))
    throw unsupported(path, `is a VMDK of the kind “${printable(createType)}”, which Spindle cannot read`)
}
