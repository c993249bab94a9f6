// Random qcow2 images: every option QEMU has for them, in combinations it accepts, on disks of a few MiB.

import type { FormatId } from '../../core/model/image.ts'
import type { OptionValues } from '../../core/model/option.ts'
import { KiB, MiB } from '../../core/model/units.ts'
import type { Random } from '../helpers/seeds.ts'

export interface Design {
  readonly options: OptionValues
  readonly clusterSize: number
  /** Bytes. */
  readonly size: number
  /** Below the image, nearest first. */
  readonly chain: readonly Base[]
  readonly dataFile: boolean
  readonly snapshots: boolean
  readonly compress: boolean
}

export interface Base {
  readonly name: string
  readonly format: FormatId
  readonly size: number
}

const CLUSTER_SIZES = [512, 1 * KiB, 2 * KiB, 4 * KiB, 16 * KiB, 32 * KiB, 64 * KiB, 64 * KiB, 256 * KiB, 2 * MiB]

export function randomDesign(random: Random, most = 8 * MiB): Design {
  const version2 = random.happens(0.2)
  const extended = !version2 && random.happens(0.25)
  const clusterSize = random.pick(CLUSTER_SIZES.filter((size) => !extended || size >= 16 * KiB))
  const refcountBits = version2 ? 16 : random.pick([1, 2, 4, 8, 16, 16, 16, 32, 64])
  const dataFile = !version2 && random.happens(0.12)
  const rawDataFile = dataFile && random.happens(0.5)
  const zstd = !version2 && random.happens(0.4)
  const size = randomSize(random, clusterSize, most)
  const chain = rawDataFile || random.happens(0.5) ? [] : randomChain(random, size)
  const preallocation = chain.length === 0 ? random.pick(['off', 'off', 'off', 'metadata', 'falloc', 'full']) : 'off'
  return {
    options: {
      cluster_size: clusterSize,
      compat: version2 ? '0.10' : '1.1',
      ...(extended && { extended_l2: true }),
      ...(refcountBits !== 16 && { refcount_bits: refcountBits }),
      ...(zstd && { compression_type: 'zstd' }),
      ...(!version2 && random.happens(0.15) && { lazy_refcounts: true }),
      ...(preallocation !== 'off' && { preallocation }),
      ...(dataFile && { data_file: 'disk.data', data_file_raw: rawDataFile }),
    },
    clusterSize,
    size,
    chain,
    dataFile,
    // Clusters packed together count once each, and a snapshot doubles that.
    snapshots: !dataFile && refcountBits >= 8 && random.happens(0.4),
    // QEMU packs no cluster that has its place already.
    compress: !dataFile && preallocation === 'off' && random.happens(0.5),
  }
}

/** As `-o` takes them. */
export function optionWords(options: OptionValues): readonly string[] {
  const words = Object.entries(options).map(([name, value]) => {
    return `${name}=${typeof value === 'boolean' ? (value ? 'on' : 'off') : value}`
  })
  return ['-o', words.join(',')]
}

/** Small clusters get small disks: it is the number of clusters that costs time. */
function randomSize(random: Random, clusterSize: number, most: number): number {
  const room = Math.min(most, Math.max(clusterSize * 256, 128 * KiB))
  const clusters = Math.max(3, Math.ceil(room / clusterSize))
  const whole = clusterSize * Math.max(1, random.below(clusters))
  return random.happens(0.5) ? whole : Math.max(512, whole - 512 * random.below(clusterSize / 512))
}

function randomChain(random: Random, size: number): readonly Base[] {
  const other = (): number =>
    random.pick([size, size, size + MiB, Math.max(512, 512 * Math.floor((size * random.below(100)) / 51_200))])
  const bottom: Base = { name: 'bottom', format: random.pick(['raw', 'raw', 'qcow2']), size: other() }
  return random.happens(0.35) ? [{ name: 'middle', format: 'qcow2', size: other() }, bottom] : [bottom]
}
