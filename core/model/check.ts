// What a check of an image found, and what a repair put right: plain data.

/** An error may cost data now or later; a leak only wastes room; a note is worth knowing and nothing more. */
export type FindingKind = 'error' | 'leak' | 'note'

export interface CheckFinding {
  readonly kind: FindingKind
  /** Stays the same whatever the sentence becomes: `leaked-clusters`, `l2-past-end`. */
  readonly code: string
  /** One plain sentence, offsets included. */
  readonly message: string
  /** Where in the file, in bytes. */
  readonly hostOffset?: number
  /** First byte of the disk this is about. */
  readonly guestOffset?: number
  /** How many errors, leaked clusters or notes this finding stands for; at least 1. */
  readonly count: number
}

/** In clusters, where nothing else is said. The words are those of `qemu-img check --output=json`. */
export interface CheckTotals {
  /** Bytes: where the last cluster in use ends. */
  readonly imageEndOffset: number
  readonly totalClusters: number
  readonly allocatedClusters: number
  readonly fragmentedClusters: number
  readonly compressedClusters: number
  /** Errors found. */
  readonly corruptions: number
  readonly leaks: number
  /** What could not be looked at. */
  readonly checkErrors: number
}

export interface CheckReport {
  /** The first thousand of each kind; errors first, then leaks, then notes. */
  readonly findings: readonly CheckFinding[]
  /** Findings of each kind that are not listed. */
  readonly unlisted: Readonly<Record<FindingKind, number>>
  readonly totals: CheckTotals
  /** Bytes. */
  readonly clusterSize: number
}

/** `leaks` frees what nothing uses; `all` also puts right what is wrong, as far as no guest data is lost by it. */
export type RepairMode = 'leaks' | 'all'

export interface RepairReport {
  /** The image as it is now. */
  readonly after: CheckReport
  /** What was done, one sentence each; nothing when nothing was changed. */
  readonly repaired: readonly string[]
  /** Errors that are gone, and clusters that are free again. */
  readonly corruptionsFixed: number
  readonly leaksFixed: number
}
