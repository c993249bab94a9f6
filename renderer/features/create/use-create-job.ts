// Starts the job and stays with it for a moment: what fails at once is said in the dialog, not behind it.

import { useEffect, useState } from 'react'
import type { ErrorData } from '../../../core/model/index.ts'
import { errorData } from '../../../core/model/index.ts'
import type { CreateRequest } from '../../../electron/contract/data.ts'
import type { JobId } from '../../../electron/contract/ids.ts'
import { withSecrets } from '../../forms/encrypt.ts'
import type { NewPassphraseHandle } from '../../forms/new-passphrase.tsx'
import { api } from '../../state/api.ts'
import { closeDialog } from '../../state/dialogs.ts'
import { dismissJob, useJobs } from '../../state/jobs.ts'
import { usePlaces } from '../../state/places.ts'
import { revealVolume, useView } from '../../state/view.ts'

export type Attempt =
  | { readonly kind: 'none' }
  | { readonly kind: 'starting' }
  | { readonly kind: 'started'; readonly job: JobId; readonly request: CreateRequest }
  | { readonly kind: 'failed'; readonly error: ErrorData }

/** Whatever takes longer is for the job bar to show. */
const PATIENCE_MS = 600

export interface CreateJob {
  readonly attempt: Attempt
  /** With the passphrases for it, where it is encrypted. */
  readonly start: (request: CreateRequest, secrets: NewPassphraseHandle | null) => void
  /** The form has changed: what was said of it before no longer holds. */
  readonly forget: () => void
}

export function useCreateJob(): CreateJob {
  const [attempt, setAttempt] = useState<Attempt>({ kind: 'none' })
  const id = attempt.kind === 'started' ? attempt.job : undefined
  const job = useJobs((state) => state.jobs.find((one) => one.id === id))
  const ended = job?.state.kind

  useEffect(() => {
    if (id === undefined) return undefined
    const timer = setTimeout(closeDialog, PATIENCE_MS)
    return () => clearTimeout(timer)
  }, [id])

  useEffect(() => {
    if (!job) return
    if (job.state.kind === 'failed') {
      setAttempt({ kind: 'failed', error: job.state.error })
      // It has been told here; in the list it would be told twice.
      dismissJob(job.id)
    }
    if (job.state.kind === 'succeeded') {
      if (job.volume !== undefined && attempt.kind === 'started' && isWanted(attempt.request)) revealVolume(job.volume)
      closeDialog()
    }
    // oxlint-disable-next-line react/exhaustive-deps -- only when the job's state turns, not at every report.
  }, [ended])

  async function start(request: CreateRequest, secrets: NewPassphraseHandle | null): Promise<void> {
    setAttempt({ kind: 'starting' })
    try {
      const options = secrets ? await withSecrets(request.options, request.format, secrets) : request.options
      setAttempt({ kind: 'started', job: await api.startJob({ ...request, options }), request })
    } catch (thrown) {
      setAttempt({ kind: 'failed', error: errorData(thrown) })
    }
  }

  return {
    attempt,
    start: (request, secrets) => {
      void start(request, secrets)
    },
    forget: () => setAttempt((before) => (before.kind === 'failed' ? { kind: 'none' } : before)),
  }
}

/** It is about to appear in the library; a branch appears in the history that it was made from. */
function isWanted({ folder, backing }: CreateRequest): boolean {
  if (backing !== undefined && useView.getState().page.kind === 'volume') return false
  return usePlaces.getState().places.some((place) => place.id === folder)
}
