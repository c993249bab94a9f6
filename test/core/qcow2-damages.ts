// Real images, made by QEMU, and ways to damage exactly one thing in each.

import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { BITMAPS_EXTENSION, EXTENSION, EXTENSION_HEAD, SNAPSHOT_ENTRY } from '../../core/formats/qcow2/layout.ts'
import { COPIED, Qcow2Places } from '../helpers/qcow2-places.ts'
import type { Qemu } from '../helpers/qemu.ts'

export const CLUSTER = 65_536
const SIZE = '8M'
/** Clusters of the disk: 0 to 15 hold 0x11, 48 to 51 hold 0x22 with some zeros behind; 64 and 65 are packed where there are any. */
const WRITES = ['write -P 17 0 1M', 'write -P 34 3M 200k']

interface Kind {
  readonly options?: string
  readonly steps?: (qemu: Qemu, name: string) => void
}

const KINDS = {
  plain: {},
  'version 2': { options: 'compat=0.10' },
  'clusters of 512 bytes': { options: 'cluster_size=512' },
  'clusters of 4 KiB': { options: 'cluster_size=4k' },
  'clusters of 2 MiB': { options: 'cluster_size=2M' },
  'counts of 1 bit': { options: 'refcount_bits=1' },
  'counts of 4 bits': { options: 'refcount_bits=4,cluster_size=4k' },
  'counts of 64 bits': { options: 'refcount_bits=64,cluster_size=512' },
  subclusters: { options: 'extended_l2=on' },
  'a data file': { options: 'data_file=disk.data' },
  'tables prepared': { options: 'preallocation=metadata' },
  'packed clusters': {
    steps: (qemu, name) => qemu.io(name, ['write -c -P 20 4M 64k', 'write -c -P 21 4160k 64k']),
  },
  snapshots: {
    steps: (qemu, name) => {
      qemu.img('snapshot', '-c', 'one', name)
      qemu.io(name, ['write -P 19 64k 128k'])
      qemu.img('snapshot', '-c', 'two', name)
      qemu.io(name, ['write -P 23 128k 128k'])
    },
  },
  'a bitmap': { steps: (qemu, name) => qemu.img('bitmap', '--add', name, 'bm0') },
  'two bitmaps': {
    steps: (qemu, name) => {
      qemu.img('bitmap', '--add', name, 'bm0')
      qemu.img('bitmap', '--add', name, 'other one')
    },
  },
} as const satisfies Record<string, Kind>

export type KindName = keyof typeof KINDS
export const KIND_NAMES = Object.keys(KINDS) as readonly KindName[]

/** Makes each image once. */
export class RealImages {
  readonly #qemu: Qemu
  readonly #made = new Map<KindName, Uint8Array>()

  constructor(qemu: Qemu) {
    this.#qemu = qemu
  }

  get(kind: KindName): Qcow2Places {
    let bytes = this.#made.get(kind)
    if (!bytes) this.#made.set(kind, (bytes = this.#make(kind)))
    return new Qcow2Places(bytes)
  }

  /** The data file of the image that has one. */
  get dataFile(): Uint8Array {
    this.get('a data file')
    return readFileSync(join(this.#qemu.folder, 'disk.data'))
  }

  #make(kind: KindName): Uint8Array {
    const { options, steps }: Kind = KINDS[kind]
    const name = `${kind.replaceAll(' ', '-')}.qcow2`
    this.#qemu.img('create', '-q', '-f', 'qcow2', ...(options === undefined ? [] : ['-o', options]), name, SIZE)
    this.#qemu.io(name, WRITES)
    steps?.(this.#qemu, name)
    return readFileSync(join(this.#qemu.folder, name))
  }
}

export interface Damage {
  readonly name: string
  readonly kind: KindName
  readonly damage: (image: Qcow2Places) => void
  /** All that is found, as `code` or `code*count`: errors and leaks first, then notes. */
  readonly finds: readonly string[]
  /** Where the first finding is, and what its sentence names beside that. */
  readonly host?: (image: Qcow2Places) => number
  readonly guest?: number
  readonly says?: RegExp
  /** Why QEMU counts otherwise. */
  readonly unlike?: string
  /** What a repair leaves, in the same form; nothing where it is left out. */
  readonly leaves?: readonly string[]
  /** What it says it did. */
  readonly repairs?: RegExp
}

const firstBlock = (image: Qcow2Places): number => image.target(image.countTablePlace)
const table = (image: Qcow2Places): number => image.target(image.l1Place())

export const DAMAGES: readonly Damage[] = [
  {
    name: 'a cluster no one uses',
    kind: 'plain',
    damage: (image) => void image.append(new Uint8Array(CLUSTER)),
    finds: ['leaked-clusters'],
    host: (image) => image.bytes.length - CLUSTER,
    says: /nothing uses it/,
    repairs: /One leaked cluster is free again \(64 KiB\)/,
  },
  {
    name: 'leaks side by side',
    kind: 'clusters of 4 KiB',
    damage: (image) => void image.append(new Uint8Array(40_960)),
    finds: ['leaked-clusters*10'],
    host: (image) => image.bytes.length - 40_960,
    says: /^10 clusters \(40 KiB\) from offset/,
    repairs: /10 leaked clusters are free again \(40 KiB\)/,
  },
  {
    name: 'a count too high',
    kind: 'snapshots',
    damage: (image) => image.setCount(image.dataPlace(20 - 16), 9),
    finds: ['leaked-clusters'],
    host: (image) => image.dataPlace(4),
    says: /used 3 times and counted 9 times/,
  },
  {
    name: 'the highest count there is',
    kind: 'plain',
    damage: (image) => image.setCount(image.dataPlace(), 65_535),
    finds: ['copied-flag-set', 'leaked-clusters'],
    host: (image) => image.l2Place(),
    guest: 0,
  },
  {
    name: 'a count of 64 bits past all counting',
    kind: 'counts of 64 bits',
    damage: (image) => {
      const first = image.dataPlace() / image.clusterSize
      const block = image.target(image.countTablePlace + Math.floor(first / 64) * 8)
      image.set(block + (first % 64) * 8, 2n ** 64n - 1n)
    },
    finds: ['copied-flag-set', 'leaked-clusters'],
  },
  {
    name: 'a cluster in use that is counted as free',
    kind: 'plain',
    damage: (image) => image.setCount(image.dataPlace(3), 0),
    finds: ['count-too-low', 'copied-flag-set'],
    host: (image) => image.dataPlace(3),
    says: /used once and not counted as in use/,
    repairs: /One reference count that was too low was put right/,
  },
  {
    name: 'the same where counts have 4 bits',
    kind: 'counts of 4 bits',
    damage: (image) => image.setCount(image.dataPlace(3), 0),
    finds: ['count-too-low', 'copied-flag-set'],
    host: (image) => image.dataPlace(3),
  },
  {
    name: 'a shared cluster counted once',
    kind: 'snapshots',
    damage: (image) => image.setCount(image.dataPlace(0), 1),
    finds: ['count-too-low', 'copied-flag-missing'],
    host: (image) => image.dataPlace(0),
    says: /used 3 times and counted once/,
  },
  {
    name: 'all counts zero',
    kind: 'plain',
    damage: (image) => image.bytes.fill(0, firstBlock(image), firstBlock(image) + CLUSTER),
    finds: ['count-too-low*25', 'copied-flag-set*21'],
    host: () => 0,
    repairs: /25 reference counts that were too low/,
  },
  {
    name: 'no refcount table',
    kind: 'plain',
    damage: (image) => image.setHeader('refcount_table_clusters', 0),
    finds: ['count-too-low*23', 'copied-flag-set*21', 'not-opened'],
    says: /not counted/,
    repairs: /refcount table and its block were made anew/,
  },
  {
    name: 'no refcount block',
    kind: 'clusters of 512 bytes',
    damage: (image) => image.set(image.countTablePlace + 8, 0n),
    finds: ['count-too-low*255', 'copied-flag-set*255'],
  },
  {
    name: 'a refcount table off its boundary',
    kind: 'plain',
    damage: (image) => image.setHeader('refcount_table_offset', image.countTablePlace + 512),
    finds: ['count-too-low*23', 'copied-flag-set*21', 'not-opened'],
    unlike: 'QEMU does not open it',
  },
  {
    name: 'a refcount table past the end',
    kind: 'plain',
    damage: (image) => image.setHeader('refcount_table_offset', 2 ** 40),
    finds: ['table-past-end', 'count-too-low*23', 'copied-flag-set*21', 'not-opened'],
  },
  {
    name: 'a refcount block off its boundary',
    kind: 'plain',
    damage: (image) => image.change(image.countTablePlace, (entry) => entry + 0x200n),
    finds: ['refcount-block-unaligned', 'count-too-low*24'],
    host: (image) => image.countTablePlace,
    unlike: 'QEMU gives up on every cluster of the block',
  },
  {
    name: 'a refcount block past the end',
    kind: 'plain',
    damage: (image) => image.set(image.countTablePlace, 2n ** 50n),
    finds: ['refcount-block-past-end', 'count-too-low*24', 'copied-flag-set*21'],
    host: (image) => image.countTablePlace,
  },
  {
    name: 'a refcount block where the L1 table is',
    kind: 'plain',
    damage: (image) => image.set(image.countTablePlace, BigInt(image.header.l1_table_offset)),
    finds: ['refcount-block-shared', 'count-too-low*23', 'copied-flag-set*21', 'leaked-clusters*2', 'table-shared'],
    host: (image) => image.countTablePlace,
  },
  {
    name: 'reserved bits in the refcount table',
    kind: 'plain',
    damage: (image) => image.change(image.countTablePlace, (entry) => entry | 1n),
    finds: ['refcount-entry-reserved-bits', 'leaked-clusters'],
    host: (image) => image.countTablePlace,
  },
  {
    name: 'an L2 flag that claims too much',
    kind: 'snapshots',
    damage: (image) => image.change(image.l2Place(5), (entry) => entry | COPIED),
    finds: ['copied-flag-set'],
    host: (image) => image.l2Place(5),
    guest: 5 * CLUSTER,
    repairs: /One table entry said wrongly/,
  },
  {
    name: 'an L2 flag that is missing',
    kind: 'subclusters',
    damage: (image) => image.change(image.l2Place(2), (entry) => entry & ~COPIED),
    finds: ['copied-flag-missing'],
    host: (image) => image.l2Place(2),
    guest: 2 * CLUSTER,
  },
  {
    name: 'an L1 flag that is missing',
    kind: 'version 2',
    damage: (image) => image.change(image.l1Place(), (entry) => entry & ~COPIED),
    finds: ['copied-flag-missing'],
    host: (image) => image.l1Place(),
    guest: 0,
  },
  {
    name: 'a flag missing for the data file',
    kind: 'a data file',
    damage: (image) => image.change(image.l2Place(1), (entry) => entry & ~COPIED),
    finds: ['copied-flag-missing'],
    host: (image) => image.l2Place(1),
    guest: CLUSTER,
  },
  {
    name: 'two clusters of the disk in one place',
    kind: 'plain',
    damage: (image) => image.set(image.l2Place(1), image.get(image.l2Place(0))),
    finds: ['count-too-low', 'leaked-clusters'],
    host: (image) => image.dataPlace(0),
    says: /used twice and counted once/,
    leaves: ['leaked-clusters', 'leaks-kept'],
  },
  {
    name: 'two clusters in one place that can be counted only once',
    kind: 'counts of 1 bit',
    damage: (image) => image.set(image.l2Place(1), image.get(image.l2Place(0))),
    finds: ['count-overflow', 'leaked-clusters'],
    host: (image) => image.dataPlace(0),
    leaves: ['count-overflow', 'leaked-clusters', 'leaks-kept'],
  },
  {
    name: 'data where the refcount table is',
    kind: 'plain',
    damage: (image) => image.set(image.l2Place(), COPIED | BigInt(image.countTablePlace)),
    finds: ['count-too-low', 'leaked-clusters', 'table-shared'],
    host: (image) => image.countTablePlace,
    repairs: /made anew/,
    leaves: ['leaked-clusters*3', 'leaks-kept'],
  },
  {
    name: 'data where a refcount block is',
    kind: 'plain',
    damage: (image) => image.set(image.l2Place(), COPIED | BigInt(firstBlock(image))),
    finds: ['refcount-block-shared', 'count-too-low', 'leaked-clusters'],
    repairs: /made anew/,
    leaves: ['leaked-clusters*3', 'leaks-kept'],
  },
  {
    name: 'data where the L1 table is',
    kind: 'plain',
    damage: (image) => image.set(image.l2Place(), COPIED | BigInt(image.header.l1_table_offset)),
    finds: ['count-too-low', 'leaked-clusters', 'table-shared'],
    leaves: ['leaked-clusters', 'leaks-kept', 'table-shared'],
  },
  {
    name: 'data where its own L2 table is',
    kind: 'plain',
    damage: (image) => image.set(image.l2Place(), COPIED | BigInt(table(image))),
    finds: ['count-too-low', 'leaked-clusters', 'table-shared'],
    leaves: ['copied-flag-set', 'leaked-clusters', 'leaks-kept', 'table-shared'],
  },
  {
    name: 'an L1 table that leads to itself',
    kind: 'plain',
    damage: (image) => image.set(image.l1Place(), COPIED | BigInt(image.header.l1_table_offset)),
    finds: ['count-too-low', 'leaked-clusters*21', 'table-shared*2'],
    leaves: ['copied-flag-set*2', 'leaked-clusters*21', 'leaks-kept', 'table-shared*2'],
  },
  {
    name: 'an L1 entry with a flag and nothing else',
    kind: 'plain',
    damage: (image) => image.set(image.l1Place(), COPIED),
    finds: ['l1-flag-without-place', 'leaked-clusters*21'],
    host: (image) => image.l1Place(),
    guest: 0,
    unlike: 'QEMU takes the header for an L2 table here, though it reads the disk as empty',
    leaves: ['l1-flag-without-place', 'leaked-clusters*21', 'leaks-kept'],
  },
  {
    name: 'an L1 entry past the end',
    kind: 'plain',
    damage: (image) => image.set(image.l1Place(), COPIED | (1n << 50n)),
    finds: ['l1-past-end', 'copied-flag-set', 'leaked-clusters*21'],
    host: (image) => image.l1Place(),
    guest: 0,
    leaves: ['l1-past-end', 'leaked-clusters*21', 'leaks-kept'],
  },
  {
    name: 'reserved bits in an L1 entry',
    kind: 'plain',
    damage: (image) => image.change(image.l1Place(), (entry) => entry | (0x7fn << 56n)),
    finds: ['l1-reserved-bits'],
    host: (image) => image.l1Place(),
    guest: 0,
    leaves: ['l1-reserved-bits'],
  },
  {
    name: 'an L2 entry off its boundary',
    kind: 'plain',
    damage: (image) => image.change(image.l2Place(), (entry) => entry + 0x200n),
    finds: ['l2-unaligned', 'count-too-low'],
    host: (image) => image.l2Place(),
    guest: 0,
    leaves: ['l2-unaligned'],
  },
  {
    name: 'an L2 entry past the end',
    kind: 'plain',
    damage: (image) => image.set(image.l2Place(), COPIED | ((1n << 56n) - 65_536n)),
    finds: ['l2-past-end', 'copied-flag-set', 'leaked-clusters'],
    host: (image) => image.l2Place(),
    guest: 0,
    leaves: ['l2-past-end', 'leaked-clusters', 'leaks-kept'],
  },
  {
    name: 'an L2 entry past the end, of a snapshot alone',
    kind: 'snapshots',
    damage: (image) => {
      const [one] = snapshotEntries(image)
      image.set(image.target(image.target(one ?? 0)) + 2 * 8, 1n << 50n)
    },
    finds: ['l2-past-end', 'leaked-clusters'],
    says: /disk’s bytes from 131072 on in snapshot “one” \(1\)/,
    guest: 2 * CLUSTER,
    leaves: ['l2-past-end', 'leaked-clusters', 'leaks-kept'],
  },
  {
    name: 'reserved bits in an L2 entry',
    kind: 'plain',
    damage: (image) => image.change(image.l2Place(), (entry) => entry | 2n),
    finds: ['l2-reserved-bits'],
    host: (image) => image.l2Place(),
    guest: 0,
    leaves: ['l2-reserved-bits'],
  },
  {
    name: 'a zero flag in version 2',
    kind: 'version 2',
    damage: (image) => image.change(image.l2Place(4), (entry) => entry | 1n),
    finds: ['l2-zero-flag-in-version-2'],
    host: (image) => image.l2Place(4),
    guest: 4 * CLUSTER,
    unlike: 'QEMU calls it clean and then cannot read it',
    leaves: ['l2-zero-flag-in-version-2'],
  },
  {
    name: 'an L2 entry with a flag and nothing else',
    kind: 'plain',
    damage: (image) => image.set(image.l2Place(30), COPIED),
    finds: ['l2-flags-without-place'],
    host: (image) => image.l2Place(30),
    guest: 30 * CLUSTER,
    unlike: 'QEMU passes over the flag',
    leaves: ['l2-flags-without-place'],
  },
  {
    name: 'a subcluster both zero and data',
    kind: 'subclusters',
    damage: (image) => image.set(image.l2Place() + 8, 0xffff_ffff_ffff_ffffn),
    finds: ['l2-subclusters-contradict'],
    guest: 0,
    leaves: ['l2-subclusters-contradict'],
  },
  {
    name: 'data in subclusters without a place',
    kind: 'subclusters',
    damage: (image) => image.set(image.l2Place(), 0n),
    finds: ['l2-subclusters-without-place', 'leaked-clusters'],
    guest: 0,
    leaves: ['l2-subclusters-without-place', 'leaked-clusters', 'leaks-kept'],
  },
  {
    name: 'a packed cluster marked as writable in place',
    kind: 'packed clusters',
    damage: (image) => image.change(image.l2Place(64), (entry) => entry | COPIED),
    finds: ['l2-compressed-copied'],
    host: (image) => image.l2Place(64),
    guest: 64 * CLUSTER,
    leaves: ['l2-compressed-copied'],
  },
  {
    name: 'a packed cluster longer than the file',
    kind: 'packed clusters',
    damage: (image) => image.change(image.l2Place(65), (entry) => entry | (0xffn << 54n)),
    finds: ['l2-compressed-past-end', 'leaked-clusters'],
    host: (image) => image.l2Place(65),
    guest: 65 * CLUSTER,
    leaves: ['l2-compressed-past-end', 'leaked-clusters', 'leaks-kept'],
  },
  {
    name: 'a place in the data file that belongs to other bytes',
    kind: 'a data file',
    damage: (image) => image.change(image.l2Place(1), (entry) => entry + BigInt(CLUSTER)),
    finds: ['l2-data-file-place'],
    host: (image) => image.l2Place(1),
    guest: CLUSTER,
    unlike: 'QEMU calls it clean and then cannot read it',
    leaves: ['l2-data-file-place'],
  },
  {
    name: 'a file whose end is cut off',
    kind: 'plain',
    damage: (image) => image.cut(image.bytes.length - 2 * CLUSTER - 100),
    finds: ['l2-past-end*2'],
    guest: (48 + 2) * CLUSTER,
    says: /past the end of the file/,
    leaves: ['l2-past-end*2'],
  },
  {
    name: 'a file whose end is cut off, with the counts damaged',
    kind: 'plain',
    damage: (image) => {
      image.cut(image.bytes.length - 2 * CLUSTER)
      image.set(image.countTablePlace, 2n ** 50n)
    },
    finds: ['l2-past-end*2', 'refcount-block-past-end', 'count-too-low*22', 'copied-flag-set*21'],
    // A longer file would show zeros where the data is missing.
    leaves: ['l2-past-end*2', 'refcount-block-past-end', 'count-too-low*22', 'copied-flag-set*21', 'not-rebuilt'],
  },
  {
    name: 'an L1 table past the end',
    kind: 'plain',
    damage: (image) => image.setHeader('l1_table_offset', 2 ** 40),
    finds: ['l1-table', 'not-opened'],
    unlike: 'QEMU calls all data leaked',
    leaves: ['l1-table', 'not-opened'],
  },
  {
    name: 'an L1 table of no entries',
    kind: 'plain',
    damage: (image) => image.setHeader('l1_size', 0),
    finds: ['l1-table', 'not-opened'],
    unlike: 'QEMU does not open it',
    leaves: ['l1-table', 'not-opened'],
  },
  {
    name: 'more snapshots than there may be',
    kind: 'plain',
    damage: (image) => image.setHeader('nb_snapshots', 0xffff_ffff),
    finds: ['snapshot-table', 'not-opened'],
    unlike: 'QEMU does not check it',
    leaves: ['snapshot-table', 'not-opened'],
  },
  {
    name: 'a place for snapshots that is none, and no snapshots',
    kind: 'plain',
    damage: (image) => image.setHeader('snapshots_offset', 512),
    finds: ['snapshot-offset'],
    host: () => 64,
    unlike: 'QEMU does not open it',
    repairs: /no longer names a place/,
  },
  {
    name: 'a snapshot whose L1 table is off its boundary',
    kind: 'snapshots',
    damage: (image) => image.change(snapshotEntries(image)[0] ?? 0, (offset) => offset + 0x200n),
    finds: ['snapshot-l1', 'leaked-clusters*22'],
    host: (image) => image.header.snapshots_offset,
    says: /snapshot “one” \(1\)/,
    leaves: ['snapshot-l1', 'leaked-clusters*22', 'leaks-kept'],
  },
  {
    name: 'a snapshot whose L1 table is endless',
    kind: 'snapshots',
    damage: (image) => image.set32((snapshotEntries(image)[0] ?? 0) + 8, 0xffff_ffff),
    finds: ['snapshot-l1', 'leaked-clusters*22'],
    leaves: ['snapshot-l1', 'leaked-clusters*22', 'leaks-kept'],
  },
  {
    name: 'a snapshot name that runs over the next entry',
    kind: 'snapshots',
    damage: (image) => image.set32((snapshotEntries(image)[0] ?? 0) + 12, 0x0001_ffff),
    finds: ['snapshot-table', 'count-too-low', 'table-shared'],
    unlike: 'QEMU cannot read the table either and stops there',
    leaves: ['snapshot-table', 'table-shared'],
  },
  {
    name: 'a snapshot that does not say how large the disk was',
    kind: 'snapshots',
    damage: forgetDiskSize,
    finds: ['snapshot-incomplete'],
    host: (image) => image.header.snapshots_offset,
    repairs: /One snapshot did not say how large the disk was/,
  },
  {
    name: 'the mark of an image that was not closed in order',
    kind: 'plain',
    damage: (image) => image.setHeader('incompatible_features', 1),
    finds: ['marked-dirty'],
    repairs: /mark .* taken off/,
  },
  {
    name: 'the mark of a damaged image',
    kind: 'plain',
    damage: (image) => image.setHeader('incompatible_features', 2),
    finds: ['marked-corrupt'],
    repairs: /mark .* taken off/,
  },
  {
    name: 'both marks, and a count too low',
    kind: 'plain',
    damage: (image) => {
      image.setHeader('incompatible_features', 3)
      image.setCount(image.dataPlace(), 0)
    },
    finds: ['count-too-low', 'copied-flag-set', 'marked-corrupt', 'marked-dirty'],
    repairs: /mark .* taken off/,
  },
  {
    name: 'the mark of a damaged image that is damaged',
    kind: 'plain',
    damage: (image) => {
      image.setHeader('incompatible_features', 2)
      image.change(image.l2Place(), (entry) => entry | 2n)
    },
    finds: ['l2-reserved-bits', 'marked-corrupt'],
    leaves: ['l2-reserved-bits', 'marked-corrupt'],
  },
  {
    name: 'a bitmap that was being changed',
    kind: 'a bitmap',
    damage: (image) => markInUse(image, 0),
    finds: ['bitmap-in-use'],
    says: /“bm0”/,
    repairs: /bitmap “bm0” could no longer be trusted and was dropped/,
  },
  {
    name: 'one of two bitmaps that was being changed',
    kind: 'two bitmaps',
    damage: (image) => markInUse(image, 1),
    finds: ['bitmap-in-use'],
    says: /“other one”/,
    repairs: /“other one”/,
  },
  {
    name: 'bitmaps no one kept up to date',
    kind: 'a bitmap',
    damage: (image) => image.setHeader('autoclear_features', 0),
    finds: ['leaked-clusters*2', 'bitmaps-outdated'],
    repairs: /taken out of the header/,
  },
  {
    name: 'a bitmap that leads off a boundary',
    kind: 'a bitmap',
    damage: (image) => image.set(bitmapTable(image), 0x1_0200n),
    finds: ['bitmap-entry'],
    says: /“bm0”.*not a cluster boundary/,
    unlike: 'QEMU does not open it',
    leaves: ['bitmap-entry'],
  },
  {
    name: 'bitmaps promised and not there',
    kind: 'plain',
    damage: (image) => image.setHeader('autoclear_features', 1),
    finds: ['bitmaps-missing'],
    leaves: ['bitmaps-missing'],
  },
]

/** Where the entries of the snapshot table are. */
function snapshotEntries(image: Qcow2Places): readonly number[] {
  const { nb_snapshots: count, snapshots_offset: start } = image.header
  const places: number[] = []
  for (let offset = start; places.length < count;) {
    places.push(offset)
    const place = { path: 'disk', offset }
    const { extra_data_size, id_str_size, name_size } = SNAPSHOT_ENTRY.decode(image.bytes.subarray(offset), place)
    offset += Math.ceil((SNAPSHOT_ENTRY.size + extra_data_size + id_str_size + name_size) / 8) * 8
  }
  return places
}

/** Takes the extra data out of the first entry, as programs wrote it before version 3. */
function forgetDiskSize(image: Qcow2Places): void {
  const [first = 0, second = 0] = snapshotEntries(image)
  const { bytes } = image
  const head = bytes.slice(first, first + SNAPSHOT_ENTRY.size)
  const names = bytes.slice(first + SNAPSHOT_ENTRY.size + 24, second)
  const others = bytes.slice(second, second + 1024)
  const { l1_table_offset, l1_size, vm_clock_nsec, ...rest } = SNAPSHOT_ENTRY.decode(head, { path: 'disk', offset: 0 })
  const entry = SNAPSHOT_ENTRY.encode({ ...rest, l1_table_offset, l1_size, vm_clock_nsec, extra_data_size: 0 })
  bytes.fill(0, first, second + 1024)
  bytes.set(entry, first)
  bytes.set(names.subarray(0, 8), first + entry.length)
  bytes.set(others, first + Math.ceil((entry.length + rest.id_str_size + rest.name_size) / 8) * 8)
}

function bitmapDirectory(image: Qcow2Places): number {
  const view = new DataView(image.bytes.buffer)
  for (let at = image.header.header_length; ;) {
    const { type, length } = EXTENSION_HEAD.decode(image.bytes.subarray(at), { path: 'disk', offset: at })
    const data = at + EXTENSION_HEAD.size
    if (type === EXTENSION.bitmaps)
      return Number(view.getBigUint64(data + BITMAPS_EXTENSION.fields.bitmap_directory_offset.offset))
    if (type === EXTENSION.end) throw new Error('it has no bitmaps')
    at = data + Math.ceil(length / 8) * 8
  }
}

function bitmapTable(image: Qcow2Places): number {
  return image.target(bitmapDirectory(image))
}

/** Both bitmaps of the images here have short names, so an entry is 32 bytes long, but for the last. */
function markInUse(image: Qcow2Places, index: number): void {
  const place = bitmapDirectory(image) + index * 32 + 12
  image.bytes[place + 3] = (image.bytes[place + 3] ?? 0) | 1
}
