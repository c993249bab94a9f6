// Create options: qemu-img's names, defaults and rules, with what people are told of them.

import { luksDesign, luksOptions, luksSecrets } from '../../crypto/luks-options.ts'
import { payloadOffset } from '../../crypto/luks1-layout.ts'
import type { Luks1Design } from '../../crypto/luks1-new.ts'
import { completeOptions } from '../../image/options.ts'
import type { CreateSpec } from '../../image/driver.ts'
import { SpindleError } from '../../model/error.ts'
import type { BackingRef } from '../../model/image.ts'
import type { OptionTable, OptionValues } from '../../model/option.ts'
import { KiB, MiB, formatSize, roundUp } from '../../model/units.ts'
import { geometryOf, l1Bytes } from './geometry.ts'
import type { Geometry } from './geometry.ts'
import {
  INCOMPATIBLE,
  MAX_BACKING_FORMAT,
  MAX_BACKING_NAME,
  MAX_L1_BYTES,
  MIN_EXTENDED_CLUSTER_BITS,
} from './layout.ts'

/** What stands before the names of all options of encryption. */
const ENCRYPTION = 'encrypt.'

export const options: OptionTable = [
  {
    kind: 'choice',
    name: 'preallocation',
    title: 'Allocation',
    help: 'How much room is taken now: none, only the tables, or all of it, reserved or written.',
    default: 'off',
    choices: [
      { value: 'off', title: 'Grow as used' },
      { value: 'metadata', title: 'Prepare tables' },
      { value: 'falloc', title: 'Reserve everything' },
      { value: 'full', title: 'Write everything' },
    ],
  },
  {
    kind: 'choice',
    name: 'compat',
    title: 'Version',
    help: 'Version 2 is only for programs from before 2013; version 3 knows zeros and everything below.',
    default: '1.1',
    choices: [
      { value: '1.1', title: 'Version 3', aliases: ['v3'] },
      { value: '0.10', title: 'Version 2', aliases: ['v2'] },
    ],
    advanced: true,
    amendable: true,
  },
  {
    kind: 'size',
    name: 'cluster_size',
    title: 'Cluster size',
    help: 'The unit of allocation: larger ones suit large sequential files, smaller ones waste less room.',
    default: 64 * KiB,
    min: 512,
    max: 2 * MiB,
    powerOfTwo: true,
    advanced: true,
  },
  {
    kind: 'boolean',
    name: 'extended_l2',
    title: 'Subclusters',
    help: 'Cuts each cluster in 32 parts, so that small writes above a backing file copy less.',
    default: false,
    advanced: true,
  },
  {
    kind: 'choice',
    name: 'compression_type',
    title: 'Compression',
    help: 'How clusters are packed when they are: zstd is faster, zlib is read by every program.',
    default: 'zlib',
    choices: [
      { value: 'zlib', title: 'zlib' },
      { value: 'zstd', title: 'zstd' },
    ],
    advanced: true,
  },
  {
    kind: 'number',
    name: 'refcount_bits',
    title: 'Reference count width',
    help: 'How often one cluster can be shared between snapshots; the usual 16 bits allow 65,535 times.',
    default: 16,
    values: [1, 2, 4, 8, 16, 32, 64],
    advanced: true,
    amendable: true,
  },
  {
    kind: 'boolean',
    name: 'lazy_refcounts',
    title: 'Lazy reference counts',
    help: 'A running machine writes fewer tables; after a crash they are rebuilt before the next start.',
    default: false,
    advanced: true,
    amendable: true,
  },
  {
    kind: 'text',
    name: 'data_file',
    title: 'External data file',
    help: 'Keeps the guest’s data in a file of its own beside this one, which then holds only the tables.',
    default: '',
    advanced: true,
    amendable: true,
  },
  {
    kind: 'boolean',
    name: 'data_file_raw',
    title: 'Data file is a raw image',
    help: 'The external data file can also be used alone, as a raw image of the disk.',
    default: false,
    advanced: true,
    amendable: true,
  },
  {
    kind: 'choice',
    name: 'encrypt.format',
    title: 'Encryption',
    help: 'Encrypts the guest’s data under a passphrase; without that no one reads them, you included.',
    default: '',
    choices: [
      { value: '', title: 'None' },
      { value: 'luks', title: 'LUKS' },
    ],
    hidden: true,
  },
  ...luksOptions(ENCRYPTION),
]

export type Preallocation = 'off' | 'metadata' | 'falloc' | 'full'

/** What is to be built, all contradictions ruled out. */
export interface Design {
  readonly geometry: Geometry
  readonly preallocation: Preallocation
  readonly compression: 'zlib' | 'zstd'
  readonly lazyRefcounts: boolean
  readonly dataFile?: { readonly name: string; readonly raw: boolean }
  readonly backing?: { readonly path: string; readonly format: string }
  readonly encryption?: EncryptionDesign
}

export interface EncryptionDesign {
  readonly luks: Luks1Design
  /** The ids of the secrets; an empty one when someone is to be asked. */
  readonly secrets: readonly string[]
  /** Bytes of the header and its key slots. */
  readonly length: number
}

/**
 * Checks a spec and works it out. A virtual size that is no multiple of 512 is rounded up to the next one: disks
 * consist of whole sectors, and no byte of the guest's may be lost. Throws `invalid-argument`.
 */
export function designOf(spec: CreateSpec): Design {
  const values = completeOptions(options, spec.options)
  const clusterSize = Number(values['cluster_size'])
  const extended = values['extended_l2'] === true
  const version = values['compat'] === '0.10' ? 2 : 3
  const dataFile = String(values['data_file'])
  const raw = values['data_file_raw'] === true
  const refcountBits = Number(values['refcount_bits'])
  const preallocation = values['preallocation'] as Preallocation
  const compression = values['compression_type'] === 'zstd' ? 'zstd' : 'zlib'
  const lazyRefcounts = values['lazy_refcounts'] === true

  if (version === 2) {
    if (refcountBits !== 16) refuse('A reference count width other than 16 bits needs version 3 (compat=1.1).')
    if (extended) refuse('Subclusters (extended_l2) need version 3 (compat=1.1).')
    if (compression !== 'zlib') refuse('Compression with zstd needs version 3 (compat=1.1).')
    if (lazyRefcounts) refuse('Lazy reference counts need version 3 (compat=1.1).')
    if (dataFile !== '') refuse('An external data file needs version 3 (compat=1.1).')
  }
  if (extended && clusterSize < 2 ** MIN_EXTENDED_CLUSTER_BITS)
    refuse(`Subclusters (extended_l2) need a cluster size of 16 KiB at least; it is ${formatSize(clusterSize)}.`)
  if (raw && dataFile === '') refuse('data_file_raw needs a data file: name one with data_file.')
  if (raw && spec.backing)
    refuse('A raw data file and a backing file exclude each other: a raw image has no backing file.')
  if (dataFile !== '' && spec.compress === true) refuse('Data in an external data file cannot be compressed.')
  if (spec.backing && preallocation !== 'off' && !extended)
    refuse('Allocation in advance above a backing file needs subclusters (extended_l2=on), or it would hide that file.')

  const encryption = encryptionOf(values)
  if (encryption && spec.compress === true) refuse('An encrypted image cannot be compressed: nothing could read it.')
  if (encryption && raw) refuse('A raw data file cannot be encrypted: it is to be of use by itself.')
  if (encryption && version === 2 && preallocation !== 'off')
    refuse('Allocation in advance of an encrypted image needs version 3 (compat=1.1).')

  const size = roundUp(spec.virtualSize, 512)
  if (!Number.isSafeInteger(size) || size < 0) refuse(`${spec.virtualSize} bytes is no size for a disk.`)
  const geometry = geometryOf({
    version,
    size,
    cluster_bits: Math.log2(clusterSize),
    refcount_order: Math.log2(refcountBits),
    incompatible_features:
      (extended ? INCOMPATIBLE.extendedL2 : 0n) | (dataFile === '' ? 0n : INCOMPATIBLE.externalData),
  })
  if (l1Bytes(geometry.tableCount) > MAX_L1_BYTES)
    refuse(
      `With clusters of ${formatSize(clusterSize)} a disk can have ${formatSize((MAX_L1_BYTES / 8) * geometry.tableSpan)} at most; try a larger cluster size.`,
    )
  return {
    geometry,
    // A raw data file is complete only when every guest byte has its place in it.
    preallocation: raw && preallocation === 'off' ? 'metadata' : preallocation,
    compression,
    lazyRefcounts,
    ...(dataFile !== '' && { dataFile: { name: dataFile, raw } }),
    ...(spec.backing && { backing: checkedBacking(spec.backing) }),
    ...(encryption && { encryption }),
  }
}

function encryptionOf(values: OptionValues): EncryptionDesign | undefined {
  if (values[`${ENCRYPTION}format`] !== 'luks') {
    const stray = luksOptions(ENCRYPTION).find(({ name, default: usual }) => values[name] !== usual)
    if (stray) refuse(`${stray.name} is only for an encrypted image: add encrypt.format=luks.`)
    return undefined
  }
  const luks = luksDesign(values, ENCRYPTION)
  return { luks, secrets: luksSecrets(values, ENCRYPTION), length: payloadOffset(luks.keyBytes) }
}

function checkedBacking({ path, format }: BackingRef): { path: string; format: string } {
  const length = Buffer.byteLength(path)
  if (length === 0 || length > MAX_BACKING_NAME)
    refuse(`The backing file’s name is ${length} bytes long; 1 to ${MAX_BACKING_NAME} fit.`)
  if (format === undefined)
    refuse(`The format of the backing file ${path} must be given: guessing it later could be turned against you.`)
  if (Buffer.byteLength(format) > MAX_BACKING_FORMAT) refuse(`“${format}” is no name of a format.`)
  return { path, format }
}

function refuse(message: string): never {
  throw new SpindleError('invalid-argument', message)
}
