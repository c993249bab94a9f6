// The first cluster of a new image: header, extensions and the backing file's name, as QEMU lays them out.

import { SpindleError } from '../../model/error.ts'
import { formatSize } from '../../model/units.ts'
import { encodeExtensions, encodeFeatureNames } from './extensions.ts'
import type { Extension, FeatureName } from './extensions.ts'
import {
  AUTOCLEAR,
  COMPATIBLE,
  CRYPT,
  ENCRYPTION_POINTER,
  EXTENSION,
  HEADER,
  HEADER_LENGTH_V2,
  INCOMPATIBLE,
  MAGIC,
} from './layout.ts'
import type { Design, EncryptionDesign } from './options.ts'

/** Where the tables are; offsets in bytes. */
export interface TablePlaces {
  readonly l1Offset: number
  readonly countTableOffset: number
  readonly countTableClusters: number
  /** Of the LUKS header, where there is one. */
  readonly encryptionOffset?: number
}

const FEATURE_NAMES: readonly FeatureName[] = [
  { kind: 'incompatible', bit: 0, name: 'dirty bit' },
  { kind: 'incompatible', bit: 1, name: 'corrupt bit' },
  { kind: 'incompatible', bit: 2, name: 'external data file' },
  { kind: 'incompatible', bit: 3, name: 'compression type' },
  { kind: 'incompatible', bit: 4, name: 'extended L2 entries' },
  { kind: 'compatible', bit: 0, name: 'lazy refcounts' },
  { kind: 'autoclear', bit: 0, name: 'bitmaps' },
  { kind: 'autoclear', bit: 1, name: 'raw external data' },
]

export const FEATURE_NAMES_EXTENSION: Extension = {
  type: EXTENSION.featureNames,
  data: encodeFeatureNames(FEATURE_NAMES),
}

/** Bytes of a cluster in which QEMU, too, names the features. */
export const LEAST_FOR_NAMES = 8192

/** At most one cluster. Throws `invalid-argument` when the names are too long for it. */
export function encodeHeaderCluster(design: Design, places: TablePlaces): Uint8Array {
  const { geometry, backing } = design
  const length = geometry.version === 2 ? HEADER_LENGTH_V2 : HEADER.size
  const named = ownExtensions(design, places)
  const name = new TextEncoder().encode(backing?.path ?? '')
  // The names of features are a comfort; where clusters are small, the room is kept for what may be needed later.
  const isRoomy = geometry.version > 2 && geometry.clusterSize >= LEAST_FOR_NAMES
  const candidates = isRoomy ? [[...named, FEATURE_NAMES_EXTENSION], named] : [named]
  for (const extensions of candidates.map(encodeExtensions)) {
    const nameOffset = length + extensions.length
    if (nameOffset + name.length > geometry.clusterSize) continue
    const header = encodeHeader(
      design,
      places,
      backing ? { offset: nameOffset, size: name.length } : { offset: 0, size: 0 },
    )
    return Buffer.concat([header.subarray(0, length), extensions, name])
  }
  throw new SpindleError(
    'invalid-argument',
    `The names of the backing file and the data file do not fit in a cluster of ${formatSize(geometry.clusterSize)}; try a larger cluster size or shorter names.`,
  )
}

function encryptionPointer({ length }: EncryptionDesign, { encryptionOffset = 0 }: TablePlaces): Uint8Array {
  return ENCRYPTION_POINTER.encode({ offset: encryptionOffset, length })
}

function ownExtensions({ backing, dataFile, encryption }: Design, places: TablePlaces): Extension[] {
  const text = new TextEncoder()
  return [
    ...(backing ? [{ type: EXTENSION.backingFormat, data: text.encode(backing.format) }] : []),
    ...(dataFile ? [{ type: EXTENSION.dataFile, data: text.encode(dataFile.name) }] : []),
    ...(encryption ? [{ type: EXTENSION.encryption, data: encryptionPointer(encryption, places) }] : []),
  ]
}

function encodeHeader(design: Design, places: TablePlaces, name: { offset: number; size: number }): Uint8Array {
  const { geometry, compression, dataFile, encryption } = design
  return HEADER.encode({
    magic: MAGIC,
    version: geometry.version,
    backing_file_offset: name.offset,
    backing_file_size: name.size,
    cluster_bits: geometry.clusterBits,
    size: geometry.virtualSize,
    crypt_method: encryption ? CRYPT.luks : CRYPT.none,
    l1_size: geometry.tableCount,
    l1_table_offset: places.l1Offset,
    refcount_table_offset: places.countTableOffset,
    refcount_table_clusters: places.countTableClusters,
    nb_snapshots: 0,
    snapshots_offset: 0,
    incompatible_features:
      (dataFile ? INCOMPATIBLE.externalData : 0n) |
      (compression === 'zstd' ? INCOMPATIBLE.compression : 0n) |
      (geometry.subclusters > 1 ? INCOMPATIBLE.extendedL2 : 0n),
    compatible_features: design.lazyRefcounts ? COMPATIBLE.lazyRefcounts : 0n,
    autoclear_features: dataFile?.raw === true ? AUTOCLEAR.rawExternalData : 0n,
    refcount_order: Math.log2(geometry.refcountBits),
    header_length: HEADER.size,
    compression_type: compression === 'zstd' ? 1 : 0,
    padding: new Uint8Array(7),
  })
}
