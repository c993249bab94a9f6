// What QEMU is known to do otherwise, on purpose or not, and how a mixed history goes on all the same.

import { roundUp } from '../../core/model/units.ts'
import type { MixedStep, Situation } from './mixed-steps.ts'

const SECTOR = 512
const ZEROS = new Set(['data', 'zero'])

/** Who does a step: each of them on one side, or one of them on both. */
export type Hands = 'each' | 'qemu' | 'spindle'

export function handsFor(step: MixedStep, { design, chain, size }: Situation): Hands {
  if (step.kind === 'pack') return 'qemu'
  // Counts of large clusters come in millions, and QEMU takes minutes to write them anew.
  const isSlow = step.kind === 'amend' && 'refcount_bits' in step.options && design.clusterSize > 65_536
  if (isSlow) return 'spindle'
  if (design.options['compat'] !== '0.10') return 'each'
  // QEMU cannot clear what shines through from below in version 2, and lets it shine: where the disk becomes larger, and
  // where it gets something below for the first time.
  const isLarger = step.kind === 'resize' && step.size > size && chain.length > 0
  const isCovering = step.kind === 'rebase' && !step.nameOnly && chain.length === 0
  return isLarger || isCovering ? 'spindle' : 'each'
}

/**
 * Whether both must have made the same of the same. They choose for themselves what to write when data moves from one
 * image to another, and QEMU makes zeros of all that is new above a backing file, Spindle only of what would show.
 */
export function areLaidOutAlike(step: MixedStep, before: Situation): boolean {
  if (step.kind === 'rebase' || step.kind === 'commit' || step.kind === 'amend') return false
  // Subclusters of what a snapshot has as well: they copy the whole cluster, or the parts that are there.
  if (before.snapshots.length > 0 && before.design.options['extended_l2'] === true) return false
  if (step.kind !== 'resize') return true
  // In a raw data file QEMU gives out the last cluster of the smaller disk anew, and of a packed one it leaves the rest.
  const { options, compress } = before.design
  const isPlain = before.chain.length === 0 && options['data_file_raw'] !== true && !compress
  return isPlain && step.preallocation === 'off'
}

/**
 * QEMU's disk as it should be where it grows: what an earlier shrink left in the last cluster comes back there, and where
 * room is reserved (`--preallocation=metadata`), what clusters freed at the end of the file held.
 */
export function forgiven(step: MixedStep, before: Situation, ours: Uint8Array, theirs: Uint8Array): Uint8Array {
  if (step.kind !== 'resize' || step.size <= before.size || theirs.length !== ours.length) return theirs
  const reserves = step.preallocation !== 'off'
  const end = reserves ? theirs.length : Math.min(roundUp(before.size, before.design.clusterSize), theirs.length)
  const bytes = theirs.slice()
  bytes.set(ours.subarray(before.size, end), before.size)
  return bytes
}

/**
 * Where two images that began the same are in other states now. Zeros may be told or written: QEMU tells more of them
 * where it takes a hole in the file for zeros, by a guess at how the file was made, and fewer where it unpacks a cluster.
 */
export function layoutDifference(
  ours: readonly string[],
  theirs: readonly string[],
  bytes: Uint8Array,
): string | undefined {
  const nothing = new Uint8Array(SECTOR)
  for (const [sector, our] of ours.entries()) {
    const their = theirs[sector]
    // Nothing and what lies below differ by the length of the file below alone.
    if (our === their || (isDeep(our) && isDeep(their))) continue
    const content = bytes.subarray(sector * SECTOR, (sector + 1) * SECTOR)
    const isZero = Buffer.compare(content, nothing.subarray(0, content.length)) === 0
    if (isZero && ZEROS.has(our) && ZEROS.has(their ?? '')) continue
    return `sector ${sector} is ${our} after Spindle and ${their ?? 'missing'} after QEMU`
  }
  return undefined
}

function isDeep(state: string | undefined): boolean {
  return state === 'below' || state === 'nothing'
}
