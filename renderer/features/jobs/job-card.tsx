// A job that is running: phases, bar, pace.

import { Check, ChevronRight, Pause, Play, X } from 'lucide-react'
import { useTranslation } from 'react-i18next'
import type { JobView } from '../../../electron/contract/data.ts'
import { cancelJob, continueJob, fraction, isCancellable, isPaused, pauseJob, useJobs } from '../../state/jobs.ts'
import { percentText, rateText, sizeText } from '../../state/text.ts'
import { ProgressBar } from '../../ui/bar.tsx'
import { IconButton } from '../../ui/button.tsx'
import { Sparkline } from '../../ui/sparkline.tsx'
import { jobTitle, timeLeftText } from '../../state/job-text.ts'
import { JobLog } from './job-log.tsx'
import styles from './job-tray.module.css'

export function JobCard({ job }: { readonly job: JobView }) {
  const { t } = useTranslation()
  const trace = useJobs((state) => state.traces.get(job.id))
  const { state } = job
  const part = fraction(job)
  const title = jobTitle(job)
  return (
    <article className={styles.card} aria-label={title}>
      <div className="row">
        <h3 className="medium cut grow" title={title}>
          {title}
        </h3>
        {isCancellable(job) && (
          <IconButton
            size="small"
            label={t(isPaused(job) ? 'jobs.continue' : 'jobs.pause', { job: title })}
            icon={isPaused(job) ? <Play /> : <Pause />}
            onClick={() => (isPaused(job) ? continueJob : pauseJob)(job.id)}
          />
        )}
        {isCancellable(job) && (
          <IconButton
            size="small"
            label={t('jobs.cancelNamed', { job: title })}
            icon={<X />}
            onClick={() => cancelJob(job.id)}
          />
        )}
      </div>
      <div className={styles.pace}>
        <div className="grow">
          <div className={styles.phases}>
            {trace?.phases.map((phase, index) => (
              <span key={phase} className={styles.phase}>
                {index > 0 && <ChevronRight aria-hidden="true" />}
                {index < trace.phases.length - 1 ? (
                  <span className={styles.done}>
                    <Check aria-hidden="true" />
                    {t(`jobs.phase.${phase}`)}
                  </span>
                ) : (
                  <span className={styles.now}>{t(`jobs.phase.${phase}`)}</span>
                )}
              </span>
            ))}
          </div>
          <ProgressBar label={title} part={part} className={styles.progress} />
        </div>
        <Sparkline values={trace?.rates ?? []} />
      </div>
      <div className={styles.figures}>
        <span className={styles.percent}>{part === undefined ? '–' : percentText(part)}</span>
        <span className="muted nowrap">
          {state.kind === 'cancelling' && t('jobs.cancelling')}
          {state.kind === 'running' &&
            t('jobs.bytes', { done: sizeText(state.progress.done), total: sizeText(state.progress.total) })}
        </span>
        <span className="grow" />
        <span className="muted nowrap">{timeLeftText(job, trace)}</span>
        <span className={styles.rate}>
          {isPaused(job)
            ? t('jobs.paused')
            : state.kind === 'running' && state.rate !== undefined
              ? rateText(state.rate)
              : '–'}
        </span>
      </div>
      <JobLog job={job} />
    </article>
  )
}
