// The counts on disk held against the references that were found: too low is an error, too high is a leak.

import { ClusterSet } from '../../../image/cluster-set.ts'
import { formatSize } from '../../../model/units.ts'
import { COUNT_BITS, PAGE_CLUSTERS, SAYS_COPIED, SAYS_SHARED } from './cluster-counts.ts'
import type { CountBlock, DiskCounts } from './disk-counts.ts'
import type { Examination } from './examination.ts'

/** Where counts on disk and references differ; only for clusters whose count can be read. */
export interface Differences {
  /** Counted more often than referred to. */
  readonly over: ClusterSet
  readonly under: ClusterSet
  /** Those of both that are counted exactly once, and those past the end of the file that are. */
  readonly once: ClusterSet
  /** Indexes of the blocks they are in. */
  readonly blocks: Set<number>
  /** A cluster in use has no count that could be put right. */
  hasUncounted: boolean
  /** Behind the last cluster that is referred to or counted, but not past the end of the file. */
  end: number
  /** Clusters with a count too low, and clusters with one too high. */
  errors: number
  leaks: number
}

/** Whether the count on disk is exactly 1; undefined where that cannot be read. */
export function isCountedOnce(
  cluster: number,
  { counts, image }: Examination,
  disk: DiskCounts,
  { over, under, once }: Differences,
): boolean | undefined {
  const state = disk.state(Math.floor(cluster / disk.countsPerBlock))
  if (state === 'none') return false
  if (state === 'unusable') return undefined
  const isOutside = cluster >= Math.max(image.fileClusters, counts.end)
  if (isOutside || over.has(cluster) || under.has(cluster)) return once.has(cluster)
  return Math.min(counts.get(cluster), disk.access.max) === 1
}

export async function compareCounts(examination: Examination, disk: DiskCounts): Promise<Differences> {
  const comparison = new Comparison(examination, disk)
  for await (const block of disk.blocks()) comparison.compareBlock(block)
  comparison.compareUncounted()
  return comparison.finish()
}

const OWN = SAYS_COPIED | 1
const NOTHING = new Uint16Array(PAGE_CLUSTERS)

/** Clusters side by side with the same counts are one finding. */
interface Run {
  readonly first: number
  readonly counted: number
  readonly used: number
  count: number
}

class Comparison {
  readonly #examination: Examination
  readonly #disk: DiskCounts
  /** Clusters of the file, what is referred to in the last part of a cluster included. */
  readonly #clusters: number
  readonly #differences: Differences = {
    over: new ClusterSet(),
    under: new ClusterSet(),
    once: new ClusterSet(),
    blocks: new Set(),
    hasUncounted: false,
    end: 0,
    errors: 0,
    leaks: 0,
  }
  #run: Run | undefined

  constructor(examination: Examination, disk: DiskCounts) {
    this.#examination = examination
    this.#disk = disk
    this.#clusters = Math.max(examination.image.fileClusters, examination.counts.end)
  }

  compareBlock({ index, view }: CountBlock): void {
    const { counts } = this.#examination
    const { access, countsPerBlock } = this.#disk
    const first = index * countsPerBlock
    const end = Math.min(first + countsPerBlock, this.#clusters)
    for (let start = first; start < end;) {
      const inPage = start % PAGE_CLUSTERS
      const page = counts.page((start - inPage) / PAGE_CLUSTERS) ?? NOTHING
      const length = Math.min(end - start, PAGE_CLUSTERS - inPage)
      const inBlock = start - first
      let last = -1
      for (let at = 0; at < length; at += 1) {
        const value = page[inPage + at] ?? 0
        const counted = access.get(view, inBlock + at)
        if (value === 0 && counted === 0) continue
        last = at
        // Counted once, used once, and the disk says that it is its own.
        if (counted !== 1 || value !== OWN) this.#compare(start + at, counted, value, index)
      }
      if (last >= 0) this.#differences.end = Math.max(this.#differences.end, start + last + 1)
      start += length
    }
    for (let cluster = Math.max(end, first); cluster < first + countsPerBlock; cluster += 1)
      if (access.get(view, cluster - first) === 1) this.#differences.once.add(cluster)
  }

  /** What is in use where there is no block to count it. */
  compareUncounted(): void {
    const { countsPerBlock } = this.#disk
    for (const number of this.#examination.counts.pageNumbers()) {
      const start = number * PAGE_CLUSTERS
      for (let at = 0; at < PAGE_CLUSTERS;) {
        const index = Math.floor((start + at) / countsPerBlock)
        const stop = Math.min(PAGE_CLUSTERS, (index + 1) * countsPerBlock - start)
        if (!this.#disk.isReadable(index)) this.#comparePart(number, at, stop)
        at = stop
      }
    }
  }

  #comparePart(number: number, from: number, to: number): void {
    const page = this.#examination.counts.page(number) ?? NOTHING
    for (let at = from; at < to; at += 1) {
      const value = page[at] ?? 0
      if (value === 0) continue
      const cluster = number * PAGE_CLUSTERS + at
      this.#differences.end = Math.max(this.#differences.end, cluster + 1)
      if ((value & COUNT_BITS) > 0) this.#differences.hasUncounted = true
      this.#compare(cluster, 0, value, undefined)
    }
  }

  finish(): Differences {
    this.#tell()
    return this.#differences
  }

  #compare(cluster: number, counted: number, value: number, block: number | undefined): void {
    const { access } = this.#disk
    const references = this.#examination.counts.exact(cluster, value)
    const used = Math.min(references, access.max)
    if (references > used) this.#tellOverflow(cluster, references)
    const isOwn = counted === 1
    if ((isOwn && value & SAYS_SHARED) || (!isOwn && value & SAYS_COPIED)) this.#examination.areFlagsWrong = true
    if (references > counted && counted > 0) this.#examination.isUsedTwice = true
    if (counted === used) return
    const { over, under, once, blocks } = this.#differences
    if (block !== undefined) {
      ;(counted > used ? over : under).add(cluster)
      if (isOwn) once.add(cluster)
      blocks.add(block)
    }
    const run = this.#run
    if (run && run.first + run.count === cluster && run.counted === counted && run.used === used) {
      run.count += 1
    } else {
      this.#tell()
      this.#run = { first: cluster, count: 1, counted, used }
    }
  }

  #tell(): void {
    const run = this.#run
    this.#run = undefined
    if (!run) return
    const { findings, image, isBlind } = this.#examination
    const { clusterSize } = image.geometry
    const hostOffset = run.first * clusterSize
    if (run.counted < run.used) {
      this.#differences.errors += run.count
      findings.add('error', run.count, () => ({ code: 'count-too-low', message: tooLow(run, clusterSize), hostOffset }))
    } else if (!isBlind) {
      // What could not be looked at may be what uses them.
      this.#differences.leaks += run.count
      findings.add('leak', run.count, () => ({
        code: 'leaked-clusters',
        message: leaked(run, clusterSize),
        hostOffset,
      }))
    }
  }

  #tellOverflow(cluster: number, references: number): void {
    const { max } = this.#disk.access
    const hostOffset = cluster * this.#examination.image.geometry.clusterSize
    const message = `The cluster at offset ${hostOffset} is used ${times(references)}, and its reference count cannot go past ${max}.`
    this.#examination.findings.add('error', references - max, () => ({ code: 'count-overflow', message, hostOffset }))
  }
}

function tooLow({ first, count, counted, used }: Run, clusterSize: number): string {
  const offset = first * clusterSize
  const counts = counted === 0 ? 'not counted as in use' : `counted ${times(counted)}`
  if (count === 1)
    return `The cluster at offset ${offset} is used ${times(used)} and ${counts}: it could be given out again and overwritten.`
  return `${count} clusters from offset ${offset} on are each used ${times(used)} and ${counts}: they could be given out again and overwritten.`
}

function times(count: number): string {
  if (count === 1) return 'once'
  return count === 2 ? 'twice' : `${count} times`
}

function leaked({ first, count, counted, used }: Run, clusterSize: number): string {
  const offset = first * clusterSize
  const what =
    count === 1
      ? `The cluster at offset ${offset} is`
      : `${count} clusters (${formatSize(count * clusterSize)}) from offset ${offset} on are`
  if (used === 0) return `${what} marked as in use, and nothing uses ${count === 1 ? 'it' : 'them'}.`
  return `${what} used ${times(used)} and counted ${times(counted)}, so ${count === 1 ? 'it' : 'they'} would never become free.`
}
