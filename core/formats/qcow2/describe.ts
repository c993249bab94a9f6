// What a qcow2 image says of itself, with the part that qemu-img calls format-specific in qemu-img's keys and order.

import type { Details } from '../../model/image.ts'
import type { Opened } from './open.ts'
import { AUTOCLEAR, COMPATIBLE, CRYPT, INCOMPATIBLE } from './layout.ts'
import type { SnapshotEntries } from './snapshots.ts'

export function detailsOf(opened: Opened, snapshots: SnapshotEntries): Details {
  const { header, extensions, geometry, bitmaps } = opened
  const dirty = (header.incompatible_features & INCOMPATIBLE.dirty) !== 0n
  const corrupt = (header.incompatible_features & INCOMPATIBLE.corrupt) !== 0n
  const warnings = [
    ...(snapshots.damage ? [snapshots.damage.message] : []),
    ...(header.crypt_method === CRYPT.aes ? [LEGACY_ENCRYPTION] : []),
  ]
  return {
    clusterSize: geometry.clusterSize,
    encrypted: header.crypt_method !== CRYPT.none,
    dirty,
    corrupt,
    ...(snapshots.snapshots.length > 0 && { snapshots: snapshots.snapshots.map(({ facts }) => facts) }),
    ...(geometry.version >= 3 && { bitmaps: bitmaps.map(({ facts }) => facts) }),
    ...(geometry.externalData && extensions.dataFile !== undefined && { dataFile: extensions.dataFile }),
    ...(warnings.length > 0 && { warnings }),
    specific: specificOf(opened, corrupt),
  }
}

function specificOf(
  { header, extensions, geometry, bitmaps, encryption }: Opened,
  corrupt: boolean,
): Record<string, unknown> {
  const compression = COMPRESSIONS[header.compression_type] ?? `type ${header.compression_type}`
  if (geometry.version === 2)
    return {
      compat: '0.10',
      'compression-type': compression,
      'refcount-bits': geometry.refcountBits,
      ...(encryption && { encrypt: encryption.details }),
    }
  return {
    compat: '1.1',
    'compression-type': compression,
    'lazy-refcounts': (header.compatible_features & COMPATIBLE.lazyRefcounts) !== 0n,
    ...(bitmaps.length > 0 && {
      bitmaps: bitmaps.map(({ facts }) => ({
        flags: facts.flags,
        name: facts.name,
        granularity: facts.granularity,
      })),
    }),
    'refcount-bits': geometry.refcountBits,
    ...(encryption && { encrypt: encryption.details }),
    ...(geometry.externalData && {
      'data-file': extensions.dataFile,
      'data-file-raw': (header.autoclear_features & AUTOCLEAR.rawExternalData) !== 0n,
    }),
    corrupt,
    'extended-l2': geometry.subclusters > 1,
  }
}

const LEGACY_ENCRYPTION =
  'Its encryption (AES-CBC keyed by the passphrase itself) protects badly, and a wrong passphrase is not noticed: convert it to LUKS.'

const COMPRESSIONS = ['zlib', 'zstd']
