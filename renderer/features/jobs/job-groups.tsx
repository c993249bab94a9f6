// The jobs by what can be done about them: running, interrupted, waiting, ended.

import { useTranslation } from 'react-i18next'
import type { JobView } from '../../../electron/contract/data.ts'
import {
  continueJob,
  dismissJob,
  isEnded,
  isInterrupted,
  isPaused,
  isUnderWay,
  pauseJob,
  useJobs,
} from '../../state/jobs.ts'
import { Button } from '../../ui/button.tsx'
import { InterruptedJob } from './interrupted-job.tsx'
import { EndedJob, QueuedJob } from './job-line.tsx'
import { JobCard } from './job-card.tsx'
import styles from './job-tray.module.css'

function useJobsThat(fit: (job: JobView) => boolean): readonly JobView[] {
  return useJobs((state) => state.jobs).filter(fit)
}

export function RunningJobs() {
  const { t } = useTranslation()
  const running = useJobsThat(isUnderWay)
  const allPaused = running.every(isPaused)
  return (
    <section className={styles.group} aria-label={t('jobs.running')}>
      <h2 className={styles.heading}>
        {t('jobs.running')} <span className={styles.count}>{running.length}</span>
        {running.length > 1 && (
          <Button
            variant="ghost"
            size="small"
            className={styles.clear}
            onClick={() => {
              for (const job of running) (allPaused ? continueJob : pauseJob)(job.id)
            }}
          >
            {allPaused ? t('jobs.continueAll') : t('jobs.pauseAll')}
          </Button>
        )}
      </h2>
      {running.length === 0 && <p className={styles.none}>{t('jobs.noneRunning')}</p>}
      {running.map((job) => (
        <JobCard key={job.id} job={job} />
      ))}
    </section>
  )
}

/** Nothing at all where there are none, as almost always. */
export function InterruptedJobs() {
  const { t } = useTranslation()
  const interrupted = useJobsThat(isInterrupted)
  if (interrupted.length === 0) return null
  return (
    <section className={styles.group} aria-label={t('jobs.interrupted')} data-interrupted>
      <h2 className={styles.heading}>
        {t('jobs.interrupted')} <span className={styles.count}>{interrupted.length}</span>
      </h2>
      {interrupted.map((job) => (
        <InterruptedJob key={job.id} job={job} />
      ))}
    </section>
  )
}

export function QueuedJobs() {
  const { t } = useTranslation()
  const queued = useJobsThat((job) => job.state.kind === 'queued')
  return (
    <section className={styles.group} aria-label={t('jobs.queued')}>
      <h2 className={styles.heading}>
        {t('jobs.queued')} <span className={styles.count}>{queued.length}</span>
      </h2>
      {queued.length === 0 && <p className={styles.none}>{t('jobs.noneQueued')}</p>}
      <ul>
        {queued.map((job) => (
          <QueuedJob key={job.id} job={job} />
        ))}
      </ul>
    </section>
  )
}

export function EndedJobs() {
  const { t } = useTranslation()
  const ended = useJobsThat(isEnded).toSorted((one, other) => (other.endedAt ?? 0) - (one.endedAt ?? 0))
  return (
    <section className={styles.group} aria-label={t('jobs.ended')}>
      <h2 className={styles.heading}>
        {t('jobs.ended')} <span className={styles.count}>{ended.length}</span>
        {ended.length > 0 && (
          <Button
            variant="ghost"
            size="small"
            className={styles.clear}
            onClick={() => {
              for (const job of ended) dismissJob(job.id)
            }}
          >
            {t('jobs.clear')}
          </Button>
        )}
      </h2>
      {ended.length === 0 && <p className={styles.none}>{t('jobs.noneEnded')}</p>}
      <ul>
        {ended.map((job) => (
          <EndedJob key={job.id} job={job} />
        ))}
      </ul>
    </section>
  )
}
