// What one check has found out so far: references, findings, and how far what is missing can be trusted to be unused.

import type { Pace } from '../../../jobs/pace.ts'
import type { SpindleError } from '../../../model/error.ts'
import type { Bitmap } from '../bitmaps.ts'
import type { CheckedImage } from './checked-image.ts'
import { ClusterCounts } from './cluster-counts.ts'
import { Findings } from '../../../image/findings.ts'
import type { FindingFacts } from '../../../image/findings.ts'
import type { SnapshotEntries } from './snapshot-entries.ts'
import { TableUseCounter } from './table-uses.ts'
import type { TableUses } from './table-uses.ts'

export class Examination {
  readonly image: CheckedImage
  readonly findings = new Findings()
  readonly counts = new ClusterCounts()
  readonly tables = new TableUseCounter()
  /** Of the disk as it is now; empty when it cannot be read. */
  l1 = new DataView(new ArrayBuffer(0))
  snapshots: SnapshotEntries = { entries: [], length: 0 }
  /** Every entry of the snapshot table is one. */
  areSnapshotsSound = true
  /** As far as their directory can be read. */
  bitmaps: readonly Bitmap[] = []
  uses: TableUses = this.tables.finish()
  /**
   * Something that leads to data is damaged: what nothing else refers to may be what it led to, so none of that is
   * called free, in a repair, for as long as the damage is there.
   */
  isReferenceLost = false
  /** Whole tables could not be looked at: what is not referred to elsewhere says nothing. */
  isBlind = false
  /** Clusters are used more often than those who counted them knew of: one of the references to them may be wrong. */
  isUsedTwice = false
  /** A flag that says whose a cluster is does not fit; which ones is for a second look. */
  areFlagsWrong = false
  checkErrors = 0
  /** The first byte past the end of the file that something leads to. Growing the file that far would show zeros there. */
  firstMissing = Infinity

  readonly #pace: Pace
  #told = 0

  constructor(image: CheckedImage, pace: Pace) {
    this.image = image
    this.#pace = pace
  }

  /** Tells how many bytes of the disk have been seen to; no more in all than it has. */
  told(bytes: number): Promise<void> | undefined {
    const step = Math.min(bytes, this.image.virtualSize - this.#told)
    this.#told += step
    return this.#pace(step)
  }

  /** An error in what leads to data. */
  damage(describe: () => FindingFacts, count = 1): void {
    this.isReferenceLost = true
    this.findings.add('error', count, describe)
  }

  /** What could not be read or understood, so that what it leads to is not known. */
  blindSpot(code: string, message: string, hostOffset: number): void {
    this.checkErrors += 1
    this.isBlind = true
    this.damage(() => ({ code, message, hostOffset }))
  }

  /** A part that leads to data could not be read. */
  unreadable(what: string, offset: number, error: SpindleError): void {
    this.blindSpot('unreadable', unreadable(what, offset, error), offset)
  }

  /** A part that only counts could not be read. */
  uncountable(what: string, offset: number, error: SpindleError): void {
    this.checkErrors += 1
    this.findings.add('error', 1, () => ({
      code: 'unreadable',
      message: unreadable(what, offset, error),
      hostOffset: offset,
    }))
  }

  /** Something leads past the end of the file, or begins at `offset` and reaches past it. */
  noteMissing(offset: number): void {
    this.firstMissing = Math.min(this.firstMissing, Math.max(offset, this.image.size))
  }

  /** Counts a reference to every cluster of a table. A table may end in the last cluster of a file that is cut short. */
  claim(offset: number, length: number, what: string): void {
    const { size, geometry } = this.image
    if (length === 0) return
    if (offset + length - size >= geometry.clusterSize) {
      const message = `${what} at offset ${offset} would end at ${offset + length}, past the end of the file at ${size}.`
      this.damage(() => ({ code: 'table-past-end', message, hostOffset: offset }))
      this.noteMissing(offset)
      return
    }
    const first = Math.floor(offset / geometry.clusterSize)
    const last = Math.floor((offset + length - 1) / geometry.clusterSize)
    this.counts.addRange(first, last - first + 1)
  }
}

function unreadable(what: string, offset: number, error: SpindleError): string {
  return `${what} at offset ${offset} could not be read: ${error.message}`
}
