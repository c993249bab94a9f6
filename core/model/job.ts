// What can be asked of the engine as a job, and how one stands: plain data that is also the log line and the retry.

import type { ErrorData } from './error.ts'
import type { FormatId } from './image.ts'
import type { OptionValues } from './option.ts'

export interface CreateJob {
  readonly kind: 'create'
  readonly target: string
  readonly format: FormatId
  /** Bytes; left out, it is the backing file's. */
  readonly virtualSize?: number
  readonly options: OptionValues
  readonly backing?: { readonly path: string; readonly format: FormatId }
  /** Does not look at the backing file, which may not be there yet; then a size is needed. */
  readonly backingUnseen?: boolean
  readonly overwrite?: boolean
}

export interface ConvertJob {
  readonly kind: 'convert'
  readonly source: string
  /** Left out, it is detected. A file known to be raw must be named so: its content is the guest's. */
  readonly sourceFormat?: FormatId
  readonly target: string
  readonly format: FormatId
  readonly options: OptionValues
  readonly compress: boolean
  /** Read both back afterwards and compare. */
  readonly verify: boolean
  readonly overwrite?: boolean
}

export interface CompareJob {
  readonly kind: 'compare'
  readonly left: string
  readonly leftFormat?: FormatId
  readonly right: string
  readonly rightFormat?: FormatId
  /** Also unequal when only sizes or allocation differ. */
  readonly strict: boolean
}

export type JobSpec = CreateJob | ConvertJob | CompareJob

export type Phase = 'prepare' | 'copy' | 'finish' | 'verify'

/** Bytes of guest data; `total` may still grow during `prepare`, never afterwards. */
export interface Progress {
  readonly phase: Phase
  readonly done: number
  readonly total: number
}

export type JobResult =
  | { readonly kind: 'create'; readonly path: string; readonly warnings: readonly string[] }
  | {
      readonly kind: 'convert'
      readonly path: string
      /** Bytes the new file occupies. */
      readonly allocatedSize: number
      readonly verified: boolean
      readonly warnings: readonly string[]
    }
  | {
      readonly kind: 'compare'
      readonly identical: boolean
      /** Guest offset in bytes of the first difference, when contents differ. */
      readonly firstDifference?: number
      /** Guest offset in bytes of the first place that is data in one only; looked for when `strict`. */
      readonly allocationDifference?: number
      readonly sizeDiffers: boolean
      /** Bytes of the smaller disk. */
      readonly commonSize: number
      readonly warnings: readonly string[]
    }

export type JobState =
  | { readonly kind: 'queued' }
  | {
      readonly kind: 'running'
      readonly progress: Progress
      /** Bytes a second over the last few seconds; undefined until it is known. */
      readonly rate?: number
      /** False from the moment the target takes its final name. */
      readonly cancellable: boolean
    }
  | { readonly kind: 'cancelling' }
  | { readonly kind: 'succeeded'; readonly result: JobResult }
  | { readonly kind: 'failed'; readonly error: ErrorData }
  | { readonly kind: 'cancelled' }

export interface Job {
  readonly id: string
  readonly spec: JobSpec
  readonly state: JobState
  /** Milliseconds since 1970. */
  readonly queuedAt: number
  readonly startedAt?: number
  readonly endedAt?: number
}
