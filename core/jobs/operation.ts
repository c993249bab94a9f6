// What every operation is given beside its spec.

import type { Progress } from '../model/job.ts'

export interface OperationContext {
  readonly signal: AbortSignal
  readonly progress: (progress: Progress) => void
  /** Called once, when cancelling has become impossible: the result is about to take its name. */
  readonly pointOfNoReturn: () => void
  /** A promise while the job is to stand still, for loops to wait for; it resolves when cancelled as well. */
  readonly held?: () => Promise<void> | undefined
  /** Called before a file is made beside an image; what it returns, once that is there. Left out, nobody keeps a journal. */
  readonly making?: (path: string) => Promise<() => Promise<void>>
}
