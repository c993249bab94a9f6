// Every job of this session: running, queued, ended.

import { useTranslation } from 'react-i18next'
import { dismissJob, isEnded, isUnderWay, useJobs } from '../../state/jobs.ts'
import { Button } from '../../ui/button.tsx'
import { EndedJob, QueuedJob } from './job-line.tsx'
import { JobCard } from './job-card.tsx'
import styles from './job-tray.module.css'

export function JobTray() {
  const { t } = useTranslation()
  const jobs = useJobs((state) => state.jobs)
  const running = jobs.filter(isUnderWay)
  const queued = jobs.filter((job) => job.state.kind === 'queued')
  const ended = jobs.filter(isEnded).toSorted((one, other) => (other.endedAt ?? 0) - (one.endedAt ?? 0))
  return (
    <section className={styles.tray} aria-label={t('jobs.title')}>
      <div className={styles.column}>
        <h2 className={styles.heading}>
          {t('jobs.running')} <span className={styles.count}>{running.length}</span>
        </h2>
        {running.length === 0 && <p className={styles.none}>{t('jobs.noneRunning')}</p>}
        {running.map((job) => (
          <JobCard key={job.id} job={job} />
        ))}
      </div>
      <div className={styles.column}>
        <h2 className={styles.heading}>
          {t('jobs.queued')} <span className={styles.count}>{queued.length}</span>
        </h2>
        {queued.length === 0 && <p className={styles.none}>{t('jobs.noneQueued')}</p>}
        <ul>
          {queued.map((job) => (
            <QueuedJob key={job.id} job={job} />
          ))}
        </ul>
      </div>
      <div className={styles.column}>
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
      </div>
    </section>
  )
}
