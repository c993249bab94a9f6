// A job that Spindle did not live to end: what became of it, and what can be done about it.

import { Play, TriangleExclamationPoint } from 'lucide-react'
import { useTranslation } from 'react-i18next'
import type { JobView } from '../../../electron/contract/data.ts'
import { jobTitle } from '../../state/job-text.ts'
import { discardJob, resumeJob } from '../../state/jobs.ts'
import { fullDateText } from '../../state/text.ts'
import { Button } from '../../ui/button.tsx'
import styles from './job-tray.module.css'

export function InterruptedJob({ job }: { readonly job: JobView }) {
  const { t } = useTranslation()
  const { state } = job
  if (state.kind !== 'interrupted') return null
  const title = jobTitle(job)
  const makesFile = job.kind === 'create' || job.kind === 'convert'
  const looksOnly = job.kind === 'check' || job.kind === 'compare'
  const date = fullDateText(job.startedAt ?? job.queuedAt)
  const discard = state.finished
    ? t('shell.dismiss')
    : !state.begun || looksOnly
      ? t('jobs.discard')
      : makesFile
        ? t('jobs.discardPartial')
        : t('jobs.discardChange')
  return (
    <article className={styles.interrupted} aria-label={title}>
      <div className="row">
        <TriangleExclamationPoint className="warn" aria-hidden="true" />
        <h3 className="medium cut grow" title={title}>
          {title}
        </h3>
      </div>
      <p className={styles.told}>
        {state.finished
          ? t('jobs.stoppedFinished', { date })
          : t(state.begun ? 'jobs.stopped' : 'jobs.stoppedWaiting', { date })}{' '}
        {state.begun && !state.finished && makesFile && t('jobs.stoppedPartial')}
        {state.begun && !state.finished && !makesFile && !looksOnly && t('jobs.stoppedInPlace')}
      </p>
      {state.error && (
        <p className={styles.told} role="alert">
          <span className="danger">{state.error.message}</span>
        </p>
      )}
      <div className="row">
        {!state.finished && (
          <Button
            size="small"
            icon={<Play aria-hidden="true" />}
            aria-label={t('jobs.resumeNamed', { job: title })}
            onClick={() => resumeJob(job.id)}
          >
            {t('jobs.resume')}
          </Button>
        )}
        <Button
          size="small"
          variant="ghost"
          aria-label={t('jobs.discardNamed', { what: discard, job: title })}
          onClick={() => discardJob(job.id)}
        >
          {discard}
        </Button>
      </div>
    </article>
  )
}
