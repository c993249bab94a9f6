// One step of a mixed history: anything a user does to an image, chosen from what is possible at that moment.

import type { FormatId } from '../../core/model/image.ts'
import type { Preallocation } from '../../core/model/job.ts'
import type { OptionValues } from '../../core/model/option.ts'
import { randomStep } from '../helpers/disk-model.ts'
import type { DiskStep } from '../helpers/disk-model.ts'
import type { Random } from '../helpers/seeds.ts'
import type { Design } from './design.ts'

export interface Below {
  readonly name: string
  readonly format: FormatId
}

export type BitmapWord = 'add' | 'remove' | 'clear' | 'enable' | 'disable' | 'merge'

export type MixedStep =
  | { readonly kind: 'work'; readonly steps: readonly DiskStep[] }
  /** Clusters to pack, by number: only QEMU packs in an image that is there already, so it does so on both sides. */
  | { readonly kind: 'pack'; readonly clusters: readonly number[] }
  | { readonly kind: 'snapshot'; readonly action: 'create' | 'apply' | 'remove'; readonly name: string }
  | { readonly kind: 'resize'; readonly size: number; readonly preallocation: Preallocation }
  /** Into the next image below, or into the named one, which leaves the top full. */
  | { readonly kind: 'commit'; readonly keepTop: boolean; readonly base?: string }
  | { readonly kind: 'rebase'; readonly nameOnly: boolean; readonly backing?: Below }
  | { readonly kind: 'amend'; readonly options: OptionValues }
  | {
      readonly kind: 'bitmap'
      readonly action: BitmapWord
      readonly name: string
      readonly granularity?: number
      readonly from?: string
    }

/** What is known of the image when the next step is chosen. */
export interface Situation {
  readonly design: Design
  /** Bytes. */
  readonly size: number
  /** Nearest first. */
  readonly chain: readonly Below[]
  /** Names, oldest first. */
  readonly snapshots: readonly string[]
  readonly bitmaps: readonly string[]
  /** Numbers of clusters that hold nothing of their own: only those can be packed. */
  readonly empty: readonly number[]
  /** Chains that the image can be put on; the empty one as well. */
  readonly bases: readonly (readonly Below[])[]
  /** For names that are not taken. */
  readonly count: number
}

/** Sizes of the disk stay in this range, so that histories stay short. Bytes. */
const MOST_CLUSTERS = 320

export function randomMixedStep(random: Random, now: Situation): MixedStep {
  if (now.bitmaps.length > 0) return withBitmaps(random, now)
  const chance = random.below(100)
  if (chance < 30) return work(random, now)
  if (chance < 36 && now.design.compress) return pack(random, now) ?? work(random, now)
  if (chance < 58) return snapshot(random, now) ?? work(random, now)
  if (chance < 72) return resize(random, now) ?? work(random, now)
  if (chance < 82) return commit(random, now) ?? rebase(random, now) ?? work(random, now)
  if (chance < 90) return rebase(random, now) ?? work(random, now)
  if (chance < 95) return amend(random, now) ?? work(random, now)
  return addBitmap(random, now) ?? work(random, now)
}

/** Guest data is left alone while there are bitmaps: Spindle does not keep them up to date, and says so by a flag. */
function withBitmaps(random: Random, now: Situation): MixedStep {
  const name = random.pick(now.bitmaps)
  const chance = random.below(100)
  if (chance < 20 && now.bitmaps.length < 4) return addBitmap(random, now) ?? { kind: 'bitmap', action: 'clear', name }
  if (chance < 60) return { kind: 'bitmap', action: random.pick(['clear', 'enable', 'disable']), name }
  if (chance < 72) return { kind: 'bitmap', action: 'merge', name, from: random.pick(now.bitmaps) }
  const [oldest] = now.snapshots
  if (chance < 76 && now.design.snapshots && now.snapshots.length < 2)
    return { kind: 'snapshot', action: 'create', name: `s${now.count}` }
  if (chance < 79 && oldest !== undefined) return { kind: 'snapshot', action: 'remove', name: oldest }
  return { kind: 'bitmap', action: 'remove', name }
}

function work(random: Random, { design, size }: Situation): MixedStep {
  const steps = Array.from({ length: 4 + random.below(12) }, () => randomStep(random, size, design.clusterSize))
  return { kind: 'work', steps: steps.filter(({ kind }) => kind !== 'read' && kind !== 'flush') }
}

function pack(random: Random, { empty }: Situation): MixedStep | undefined {
  if (empty.length === 0) return undefined
  const clusters = Array.from({ length: 1 + random.below(5) }, () => random.pick(empty))
  return { kind: 'pack', clusters: [...new Set(clusters)] }
}

function snapshot(random: Random, { design, snapshots, count }: Situation): MixedStep | undefined {
  if (!design.snapshots) return undefined
  const chance = random.below(100)
  if (snapshots.length === 0 || (chance < 45 && snapshots.length < 3))
    return { kind: 'snapshot', action: 'create', name: `s${count}${'n'.repeat(random.below(40))}` }
  return { kind: 'snapshot', action: chance < 75 ? 'apply' : 'remove', name: random.pick(snapshots) }
}

function resize(random: Random, { design, size, snapshots }: Situation): MixedStep | undefined {
  const { clusterSize, options } = design
  // Snapshots of version 2 must be as large as the disk.
  if (options['compat'] === '0.10' && snapshots.length > 0) return undefined
  const most = Math.min(MOST_CLUSTERS, Math.ceil((2 * design.size) / clusterSize))
  const whole = clusterSize * (1 + random.below(most))
  const next = random.happens(0.5) ? whole : Math.max(512, whole - 512 * random.below(clusterSize / 512))
  if (next === size) return undefined
  const preallocation =
    next > size ? random.pick<Preallocation>(['off', 'off', 'off', 'metadata', 'falloc', 'full']) : 'off'
  return { kind: 'resize', size: next, preallocation }
}

function commit(random: Random, { chain, snapshots }: Situation): MixedStep | undefined {
  // Snapshots read through the base, and would be damaged.
  if (chain.length === 0 || snapshots.length > 0) return undefined
  const lowest = chain.length > 1 ? chain.at(-1) : undefined
  if (lowest && random.happens(0.4)) return { kind: 'commit', keepTop: true, base: lowest.name }
  return { kind: 'commit', keepTop: random.happens(0.3) }
}

function rebase(random: Random, { design, bases, snapshots }: Situation): MixedStep | undefined {
  if (design.options['data_file_raw'] === true) return undefined
  const [backing] = random.pick(bases)
  // What snapshots show from below would change.
  const nameOnly = snapshots.length > 0 || random.happens(0.35)
  return { kind: 'rebase', nameOnly, ...(backing && { backing }) }
}

function amend(random: Random, { design, snapshots }: Situation): MixedStep | undefined {
  const { options, dataFile, compress } = design
  if (options['compat'] === '0.10') return { kind: 'amend', options: { compat: '1.1' } }
  const bits = options['refcount_bits'] ?? 16
  const isPlain = bits === 16 && !dataFile && options['compression_type'] !== 'zstd' && options['extended_l2'] !== true
  // Version 2 takes every snapshot to be as large as the disk.
  if (isPlain && snapshots.length === 0 && random.happens(0.5)) return { kind: 'amend', options: { compat: '0.10' } }
  if (random.happens(0.3)) return { kind: 'amend', options: { lazy_refcounts: options['lazy_refcounts'] !== true } }
  const widths = design.snapshots || compress ? [8, 16, 32, 64] : [1, 2, 4, 8, 16, 32, 64]
  return { kind: 'amend', options: { refcount_bits: random.pick(widths.filter((width) => width !== bits)) } }
}

function addBitmap(random: Random, { design, count }: Situation): MixedStep | undefined {
  if (design.options['compat'] === '0.10') return undefined
  const granularity = random.pick([0, 512, 4096, 65_536, 1_048_576])
  return { kind: 'bitmap', action: 'add', name: `b${count}`, ...(granularity > 0 && { granularity }) }
}
