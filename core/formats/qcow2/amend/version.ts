// From version 2 to version 3 and back.

import { SpindleError } from '../../../model/error.ts'
import { readDirectory } from '../bitmap-directory.ts'
import { damaged } from '../damage.ts'
import { encodeExtensions } from '../extensions.ts'
import type { Extension } from '../extensions.ts'
import { FEATURE_NAMES_EXTENSION, LEAST_FOR_NAMES } from '../header-cluster.ts'
import { writeHead } from '../head.ts'
import type { ImageFile } from '../image-file.ts'
import { AUTOCLEAR, EXTENSION, HEADER, HEADER_LENGTH_V2, INCOMPATIBLE } from '../layout.ts'
import { releaseRuns } from '../release.ts'
import { encodeSnapshot } from '../snapshot-entry.ts'
import { readSnapshots } from '../snapshots.ts'
import { switchSnapshots } from '../switch.ts'
import type { TreeWork } from '../tree.ts'
import { expandZeros, hasPacked } from './expand-zeros.ts'

const NEED = 'another version of its header'
/** Machine state that a version 2 reader can measure. */
const MAX_OLD_STATE = 2 ** 32 - 1

/** Afterwards the layer is only to be closed. */
export async function upgrade(work: TreeWork): Promise<void> {
  const { file } = work
  await completeSnapshots(work)
  const fields = { version: 3, header_length: HEADER.size, refcount_order: 4 }
  await writeHead(file, { fields, extensions: (old) => withFeatureNames(file, old) }, NEED)
}

/** Every snapshot says how large its disk is, which in version 2 is as large as the disk now. */
async function completeSnapshots(work: TreeWork): Promise<void> {
  const { file } = work
  const { snapshots, length, damage } = await readSnapshots(file.storage, file.header)
  if (damage) throw damage
  if (snapshots.every(({ facts }) => facts.virtualSize !== undefined)) return
  const { virtualSize } = file.geometry
  const complete = snapshots.map((one) =>
    one.facts.virtualSize === undefined ? encodeSnapshot({ ...one, facts: { ...one.facts, virtualSize } }) : one,
  )
  await releaseRuns(work, await switchSnapshots(work, complete, length))
}

/** The names of features are a comfort; where clusters are small, the room is kept for what may be needed later. */
function withFeatureNames({ header, geometry }: ImageFile, old: readonly Extension[]): readonly Extension[] {
  if (geometry.clusterSize < LEAST_FOR_NAMES) return old
  const named = [...old.filter(({ type }) => type !== EXTENSION.featureNames), FEATURE_NAMES_EXTENSION]
  const length = HEADER.size + encodeExtensions(named).length + header.backing_file_size
  return length <= geometry.clusterSize ? named : old
}

/** Throws `unsupported` for what version 2 cannot hold, before anything is written. Afterwards the layer is only to be closed. */
export async function downgrade(work: TreeWork, hasBacking: boolean): Promise<void> {
  const { file } = work
  await checkOldCanHold(work)
  await expandZeros(work, hasBacking)
  const fields = { version: 2, header_length: HEADER_LENGTH_V2 }
  const newer = new Set<number>([EXTENSION.featureNames, EXTENSION.bitmaps])
  await writeHead(file, { fields, extensions: (old) => old.filter(({ type }) => !newer.has(type)) }, NEED)
}

async function checkOldCanHold(work: TreeWork): Promise<void> {
  const { file } = work
  const { header, geometry, storage } = file
  const refuse = (what: string): never => {
    const message = `${storage.name} cannot become an image of version 2, which ${what}. Nothing was changed.`
    throw new SpindleError('unsupported', message, { path: storage.name })
  }
  if (geometry.refcountBits !== 16)
    refuse(`counts with 16 bits (refcount_bits=16), and here they are ${geometry.refcountBits}`)
  if (geometry.externalData) refuse('has no external data file')
  if (geometry.subclusters > 1) refuse('has no subclusters (extended_l2)')
  const known = INCOMPATIBLE.compression | INCOMPATIBLE.dirty
  if ((header.incompatible_features & ~known) !== 0n) refuse('has none of the features it uses')
  const { snapshots, damage } = await readSnapshots(storage, header)
  if (damage) throw damaged(storage.name, 'its snapshot table cannot be read', header.snapshots_offset)
  const odd = snapshots.find(
    ({ facts }) => (facts.virtualSize ?? header.size) !== header.size || facts.vmStateSize > MAX_OLD_STATE,
  )
  if (odd) refuse(`takes every snapshot to be as large as the disk, and “${odd.facts.name}” is not`)
  if ((header.autoclear_features & AUTOCLEAR.bitmaps) !== 0n && (await readDirectory(file)).bitmaps.length > 0)
    refuse('has no dirty bitmaps: remove them first')
  if (header.compression_type !== 0 && (await hasPacked(work)))
    refuse('knows no compression but zlib, and here data is compressed with zstd')
}
