// One look at everything that can be wrong with a Parallels image.

import { ClusterSet } from '../../../image/cluster-set.ts'
import { Findings } from '../../../image/findings.ts'
import type { Pace } from '../../../jobs/pace.ts'
import type { CheckReport } from '../../../model/check.ts'
import { roundUp } from '../../../model/units.ts'
import type { Storage } from '../../../storage/storage.ts'
import { ENTRY_SIZE, HEADER, IN_USE, SECTOR } from '../layout.ts'
import { openHeader, placeIn, problemOf, readTable } from '../open.ts'
import type { Opened } from '../open.ts'

export interface Examined {
  readonly opened: Opened
  readonly table: DataView
  readonly findings: Findings
  /** Clusters that lie over another that comes before them on the disk. */
  readonly doubled: readonly number[]
  /** Where the last cluster ends, or the tables. */
  readonly end: number
  readonly allocated: number
  readonly fragmented: number
  /** Something leads where no cluster can be. */
  readonly isDamaged: boolean
}

/** Clusters between two turns of `pace`. */
const STEP = 8192
/** More of them than this are counted but not mended in one go. */
const MOST_DOUBLED = 1_000_000

/** `pace` is told the bytes of the disk whose entries have been looked at. Throws when the header makes no sense. */
export async function examine(storage: Storage, pace?: Pace): Promise<Examined> {
  const opened = await openHeader(storage)
  const { clusterSize, virtualSize, entries } = opened
  const table = await readTable(storage, opened)
  const findings = new Findings()
  const used = new ClusterSet()
  const doubled: number[] = []
  let [end, allocated, fragmented, last, isDamaged] = [opened.dataStart, 0, 0, 0, false]
  let told = 0
  const tell = async (upTo: number): Promise<void> => {
    const reached = Math.min(virtualSize, upTo * clusterSize)
    await pace?.(reached - told)
    told = reached
  }
  tellMark(opened, findings)
  for (let cluster = 0; cluster < entries; cluster += 1) {
    if (cluster % STEP === 0) await tell(cluster)
    const place = placeIn(table, opened, cluster)
    const before = last
    last = place
    if (place === 0) continue
    const guest = cluster * clusterSize
    const hostOffset = HEADER.size + cluster * ENTRY_SIZE
    const problem = problemOf(opened, place, Math.max(SECTOR, Math.min(clusterSize, virtualSize - guest)))
    if (problem !== undefined) {
      isDamaged = true
      const message = `Entry ${cluster} of the table, at offset ${hostOffset}, for the guest’s bytes from ${guest} on, leads to offset ${place}, which ${problem}.`
      const code = place < opened.dataStart ? 'cluster-over-table' : 'cluster-past-end'
      findings.add('error', 1, () => ({ code, message, hostOffset, guestOffset: guest }))
      continue
    }
    allocated += 1
    if (before !== 0 && before + clusterSize !== place) fragmented += 1
    end = Math.max(end, place + clusterSize)
    if (overlaps(used, opened, place)) {
      if (doubled.length < MOST_DOUBLED) doubled.push(cluster)
      const message = `The cluster with the guest’s bytes from ${guest} on, at offset ${place}, lies over another one.`
      findings.add('error', 1, () => ({ code: 'clusters-overlap', message, hostOffset, guestOffset: guest }))
    } else {
      claim(used, opened, place)
    }
  }
  await tell(entries)
  tellLeak(opened, end, findings)
  return { opened, table, findings, doubled, end, allocated, fragmented, isDamaged }
}

export function reportOf({ opened, findings, end, allocated, fragmented }: Examined): CheckReport {
  return {
    findings: findings.list(),
    unlisted: findings.unlisted(),
    totals: {
      imageEndOffset: end,
      totalClusters: opened.entries,
      allocatedClusters: allocated,
      fragmentedClusters: fragmented,
      compressedClusters: 0,
      corruptions: findings.count('error'),
      leaks: findings.count('leak'),
      checkErrors: 0,
    },
    clusterSize: opened.clusterSize,
  }
}

function tellMark({ header }: Opened, findings: Findings): void {
  if (header.in_use !== IN_USE) return
  const message = 'It was not closed by the program that wrote it last, or a machine has it open now.'
  findings.add('error', 1, () => ({ code: 'not-closed', message, hostOffset: HEADER.fields.in_use.offset }))
}

/** Where there is an extension, its bitmaps lie among the clusters, and what looks unused may be theirs. */
function tellLeak({ header, size, clusterSize }: Opened, end: number, findings: Findings): void {
  if (header.extension_offset !== 0 || size <= end) return
  const count = Math.ceil((size - end) / clusterSize)
  const message = `From offset ${end} on ${count === 1 ? 'one cluster belongs' : `${count} clusters belong`} to no part of the disk.`
  findings.add('leak', count, () => ({ code: 'leaked-clusters', message, hostOffset: end }))
}

/** Old images have clusters at any sector, so each is held by the whole ones of that size it touches. */
function overlaps(used: ClusterSet, opened: Opened, place: number): boolean {
  const [first, count] = unitsOf(opened, place)
  for (let unit = first; unit < first + count; unit += 1) if (used.has(unit)) return true
  return false
}

function claim(used: ClusterSet, opened: Opened, place: number): void {
  const [first, count] = unitsOf(opened, place)
  used.add(first, count)
}

function unitsOf({ unit, clusterSize }: Opened, place: number): readonly [number, number] {
  return [place / unit, roundUp(clusterSize, unit) / unit]
}
