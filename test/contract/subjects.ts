// The images the contract is held against: every driver, in every form that takes a path of its own through it.

import { openDisk } from '../../core/image/chain.ts'
import { driverOf } from '../../core/image/detect.ts'
import type { Access, CreateSpec, ImageDriver } from '../../core/image/driver.ts'
import type { VirtualDisk } from '../../core/image/virtual-disk.ts'
import { drivers } from '../../core/formats/index.ts'
import type { FormatId } from '../../core/model/image.ts'
import type { OptionValues } from '../../core/model/option.ts'
import { KiB, MiB } from '../../core/model/units.ts'
import type { Storage } from '../../core/storage/storage.ts'
import { randomRange } from '../helpers/disk-model.ts'
import { MemoryFolder } from '../helpers/memory-gate.ts'
import { randomFrom } from '../helpers/seeds.ts'
import { testKeyring } from '../helpers/keyring.ts'
import { ENCRYPTED_SUBJECTS } from './subjects-encrypted.ts'
import { QED_SUBJECTS } from './subjects-qed.ts'
import { VDI_SUBJECTS } from './subjects-vdi.ts'
import { VHDX_SUBJECTS } from './subjects-vhdx.ts'
import { VMDK_SUBJECTS } from './subjects-vmdk.ts'
import { VPC_SUBJECTS } from './subjects-vpc.ts'

export interface Subject {
  readonly name: string
  readonly format: FormatId
  readonly options: OptionValues
  /** Bytes; never a whole number of blocks, so that the end of the disk is a case of its own. */
  readonly size: number
  /** The unit random work is done in: the block size, or what comes near it. */
  readonly block: number
  readonly backing?: { readonly format: FormatId; readonly size: number }
  /** Every byte has its place beforehand: there are no clusters. */
  readonly flat?: true
  /** Of a format that can pack, but not in this form. */
  readonly packs?: false
}

/** Two disks of one cluster and of many tables, each ending in the middle of a cluster. */
const SMALL = 200 * KiB + 512
const MIDDLE = 3 * MiB + 5 * 512

export const SUBJECTS: readonly Subject[] = [
  { name: 'raw', format: 'raw', options: {}, size: SMALL, block: 4 * KiB },
  { name: 'qcow2', format: 'qcow2', options: {}, size: MIDDLE, block: 64 * KiB },
  qcow2('512-byte clusters', SMALL, { cluster_size: 512 }),
  qcow2('4 KiB clusters', MIDDLE, { cluster_size: 4 * KiB }),
  qcow2('2 MiB clusters', 9 * MiB + 512, { cluster_size: 2 * MiB }),
  qcow2('version 2', MIDDLE, { compat: '0.10', cluster_size: 16 * KiB }),
  qcow2('subclusters', MIDDLE, { extended_l2: true, cluster_size: 64 * KiB }),
  qcow2('the smallest subclusters', MIDDLE, { extended_l2: true, cluster_size: 16 * KiB }),
  qcow2('1-bit reference counts', MIDDLE, { refcount_bits: 1, cluster_size: 8 * KiB }),
  qcow2('64-bit reference counts', SMALL, { refcount_bits: 64, cluster_size: 1 * KiB }),
  qcow2('lazy reference counts', MIDDLE, { lazy_refcounts: true, cluster_size: 32 * KiB }),
  qcow2('tables prepared', MIDDLE, { preallocation: 'metadata', cluster_size: 16 * KiB }),
  qcow2('subclusters prepared', MIDDLE, { preallocation: 'metadata', extended_l2: true, cluster_size: 32 * KiB }),
  qcow2('everything written', SMALL, { preallocation: 'full', cluster_size: 4 * KiB }),
  qcow2('zstd', MIDDLE, { compression_type: 'zstd', cluster_size: 32 * KiB }),
  qcow2('over a raw disk', MIDDLE, { cluster_size: 16 * KiB }, { format: 'raw', size: MIDDLE }),
  qcow2(
    'over a shorter raw disk',
    MIDDLE,
    { cluster_size: 16 * KiB },
    { format: 'raw', size: MIDDLE - 700 * KiB - 512 },
  ),
  qcow2('over a larger qcow2', MIDDLE, { cluster_size: 64 * KiB }, { format: 'qcow2', size: MIDDLE + MiB }),
  qcow2('version 2 over qcow2', MIDDLE, { compat: '0.10' }, { format: 'qcow2', size: MIDDLE }),
  qcow2('subclusters over qcow2', MIDDLE, { extended_l2: true }, { format: 'qcow2', size: MIDDLE - 512 * KiB }),
  qcow2('external data file', MIDDLE, { data_file: 'data', cluster_size: 16 * KiB }),
  qcow2('external raw data file', MIDDLE, { data_file: 'data', data_file_raw: true, cluster_size: 16 * KiB }),
  ...ENCRYPTED_SUBJECTS,
  ...VDI_SUBJECTS,
  ...VMDK_SUBJECTS,
  ...QED_SUBJECTS,
  ...VHDX_SUBJECTS,
  ...VPC_SUBJECTS,
]

function qcow2(words: string, size: number, options: OptionValues, backing?: Subject['backing']): Subject {
  const block = Number(options['cluster_size'] ?? 64 * KiB)
  return { name: `qcow2, ${words}`, format: 'qcow2', options, size, block, ...(backing && { backing }) }
}

/** A subject's image in a folder of its own, called `disk`. */
export interface Image {
  readonly subject: Subject
  readonly driver: ImageDriver
  readonly spec: CreateSpec
  readonly folder: MemoryFolder
  /** What the backing file reads as; empty when there is none. */
  readonly below: Uint8Array
}

/** Everything but the image itself: its driver, its spec and the file below it. */
export async function prepare(subject: Subject, seed: number): Promise<Image> {
  const folder = new MemoryFolder()
  folder.secrets = testKeyring()
  const below = subject.backing ? await addBase(folder, subject.backing, seed) : new Uint8Array(0)
  return {
    subject,
    driver: driverOf(drivers, subject.format),
    spec: {
      virtualSize: subject.size,
      options: subject.options,
      ...(subject.backing && { backing: { path: 'base', format: subject.backing.format } }),
    },
    folder,
    below,
  }
}

/** The image as it is when it has just been created. */
export async function create(subject: Subject, seed: number): Promise<Image> {
  const image = await prepare(subject, seed)
  const builder = await image.driver.build(image.folder.add('disk'), image.spec, image.folder)
  await builder.finish()
  return image
}

export async function open(image: Image, access: Access, storage?: Storage): Promise<VirtualDisk> {
  const file = storage ?? (await image.folder.open('disk', image.folder.file('disk'), access))
  return openDisk(file, { drivers, gate: image.folder, format: image.subject.format, access })
}

async function addBase(
  folder: MemoryFolder,
  { format, size }: NonNullable<Subject['backing']>,
  seed: number,
): Promise<Uint8Array> {
  const random = randomFrom(seed)
  const content = new Uint8Array(size)
  const base = folder.add('base')
  const builder = await driverOf(drivers, format).build(base, { virtualSize: size, options: {} }, folder)
  await builder.finish()
  await using disk = await openDisk(base, { drivers, gate: folder, format, access: 'write' })
  for (let count = 0; count < 20; count += 1) {
    const { offset, length } = randomRange(random, size, 16 * KiB)
    const bytes = random.bytes(length)
    content.set(bytes, offset)
    await disk.write(offset, bytes)
  }
  return content
}
