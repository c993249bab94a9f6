// Building a VMDK: which files it takes, and which of the builders makes them.

import type { CreateSpec, ImageBuilder, OpenGate } from '../../image/driver.ts'
import { fileNameOf, withoutExtension } from '../../image/file-name.ts'
import { SpindleError } from '../../model/error.ts'
import type { Storage } from '../../storage/storage.ts'
import { printable } from './damage.ts'
import { descriptorText } from './descriptor-text.ts'
import type { NewParent } from './descriptor-text.ts'
import { FlatBuilder } from './flat-builder.ts'
import { slicesOf } from './geometry.ts'
import type { Slice } from './geometry.ts'
import { DESCRIPTOR_SECTORS, SECTOR } from './layout.ts'
import { designOf } from './options.ts'
import type { Design } from './options.ts'
import { SparseBuilder } from './sparse-builder.ts'
import { StreamBuilder } from './stream-builder.ts'

/** Guest bytes and the file that holds them. */
export interface BuiltSlice extends Slice {
  readonly storage: Storage
}

/** Opens the files beside the image through the gate. Throws `invalid-argument` for what cannot be built. */
export async function startBuilder(storage: Storage, spec: CreateSpec, gate: OpenGate): Promise<ImageBuilder> {
  const design = designOf(spec)
  const fileName = spec.fileName ?? fileNameOf(storage)
  checkName(fileName)
  const parent = await parentOf(design, storage, gate)
  const slices: BuiltSlice[] = []
  for (const slice of slicesOf(design, withoutExtension(fileName)))
    slices.push({ ...slice, storage: slice.name === undefined ? storage : await gate.create(slice.name, storage) })
  const kind = design.isFlat ? 'FLAT' : 'SPARSE'
  const lines = slices.map(({ length, name = fileName }) => ({ sectors: length / SECTOR, kind, name }) as const)
  const descriptor = descriptorText(design, lines, parent)
  const isInside = slices.every((slice) => slice.name === undefined)
  if (isInside && descriptor.length > DESCRIPTOR_SECTORS * SECTOR)
    throw new SpindleError(
      'invalid-argument',
      'The names in this VMDK are too long for its descriptor. Choose shorter ones.',
    )
  if (design.subformat === 'streamOptimized') return new StreamBuilder(storage, design, descriptor)
  if (design.isFlat) return FlatBuilder.start(storage, slices, descriptor)
  return SparseBuilder.start(storage, design, slices, descriptor)
}

/** A descriptor is lines with names in quotes. */
function checkName(name: string): void {
  if (!/["\n\r\0]/.test(name)) return
  throw new SpindleError(
    'invalid-argument',
    `A VMDK cannot be called ${printable(name)}: its descriptor has no way to write quotes or line ends. Choose another name.`,
  )
}

async function parentOf({ backing }: Design, storage: Storage, gate: OpenGate): Promise<NewParent | undefined> {
  if (!backing) return undefined
  checkName(backing.path)
  const contentId = backing.identity ?? (await identityOf(backing.path, storage, gate))
  return { contentId, name: backing.path }
}

/** The new image notes which state of the image below it is meant. */
async function identityOf(path: string, from: Storage, gate: OpenGate): Promise<string> {
  const { openImage } = await import('./open.ts')
  await using storage = await gate.open(path, from, 'read')
  const { descriptor, files } = await openImage(storage, gate, 'read')
  for (const file of files) await file.close()
  if (descriptor.contentId !== undefined) return descriptor.contentId
  throw new SpindleError(
    'unsupported',
    `${storage.name} has no content id (CID), by which images on top of it would know it. Nothing was changed. Convert it to a new VMDK first.`,
    { path: storage.name },
  )
}
