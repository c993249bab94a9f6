// What every operation is given beside its spec.

import type { Progress } from '../model/job.ts'

export interface OperationContext {
  readonly signal: AbortSignal
  readonly progress: (progress: Progress) => void
  /** Called once, when cancelling has become impossible: the result is about to take its name. */
  readonly pointOfNoReturn: () => void
}
