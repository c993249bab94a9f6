// What an entry says of the parts of its cluster, and what it says once some of them are zeros.

import { UNALLOCATED } from './entries.ts'
import type { CompressedEntry, StandardEntry } from './entries.ts'
import type { Geometry } from './geometry.ts'

type Entry = StandardEntry | CompressedEntry

/** The bit of the part in which guest byte `offset` lies. */
export function bitOf(geometry: Geometry, offset: number): number {
  return 2 ** Math.floor((offset % geometry.clusterSize) / geometry.subclusterSize)
}

/** Bits of the parts of `cluster` that guest bytes `from` up to `to` touch. */
export function maskOf(geometry: Geometry, cluster: number, from: number, to: number): number {
  const { clusterSize, subclusters, subclusterSize } = geometry
  const start = cluster * clusterSize
  const first = Math.max(0, Math.floor((from - start) / subclusterSize))
  const end = Math.min(subclusters, Math.ceil((to - start) / subclusterSize))
  return 2 ** end - 2 ** first
}

/** Host clusters belong to the entry, whether there is data in them or not. */
export function hasRoom(entry: Entry): boolean {
  return entry.offset !== undefined
}

/** There is data that has to move along when the cluster gets new room. */
export function keepsData(entry: Entry): boolean {
  return entry.kind === 'compressed' || entry.allocated !== 0
}

export interface ZeroRequest {
  readonly cluster: number
  /** Guest bytes; `from` lies in the cluster, `to` may lie behind it. */
  readonly from: number
  readonly to: number
  /** Give the room back where a whole cluster becomes zeros. */
  readonly unmap: boolean
  readonly hasBacking: boolean
}

/**
 * The entry once as many bytes as it can say so of, from the first one on, are zeros: up to guest byte `end`, which is
 * `from` when it can say so of none. Parts that are only touched count when the rest of them is zeros already.
 */
export function zeroed(geometry: Geometry, old: Entry, request: ZeroRequest): { next: Entry; end: number } {
  const { allSubclusters, clusterSize, subclusterSize, version, virtualSize } = geometry
  const { cluster, from, unmap, hasBacking } = request
  const clusterEnd = Math.min((cluster + 1) * clusterSize, virtualSize)
  const to = Math.min(request.to, clusterEnd)
  let end = from
  while (end < to) {
    const start = end - (end % subclusterSize)
    const partEnd = Math.min(start + subclusterSize, clusterEnd)
    const isWhole = from <= start && partEnd <= to
    if (!isWhole && !readsAsZeros(old, bitOf(geometry, end), hasBacking)) break
    end = Math.min(partEnd, to)
  }
  const reached = end === clusterEnd ? (cluster + 1) * clusterSize : end
  const mask = end === from ? 0 : maskOf(geometry, cluster, from, reached)
  if (mask === 0) return { next: old, end: from }
  if (version < 3) return { next: UNALLOCATED, end }
  if (mask === allSubclusters && (unmap || old.kind === 'compressed'))
    return { next: { ...UNALLOCATED, zero: mask }, end }
  if (old.kind === 'compressed') return { next: old, end: from }
  return { next: { ...old, allocated: (old.allocated & ~mask) >>> 0, zero: (old.zero | mask) >>> 0 }, end }
}

export function isSame(left: Entry, right: Entry): boolean {
  if (left.kind === 'compressed' || right.kind === 'compressed') return left === right
  return (
    left.offset === right.offset &&
    left.copied === right.copied &&
    left.allocated === right.allocated &&
    left.zero === right.zero
  )
}

function readsAsZeros(entry: Entry, bit: number, hasBacking: boolean): boolean {
  if (entry.kind === 'compressed') return false
  return (entry.zero & bit) !== 0 || (!hasBacking && (entry.allocated & bit) === 0)
}
