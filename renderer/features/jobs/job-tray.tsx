// The jobs of this session above the job bar, in three columns: now, what waits, done.

import { useTranslation } from 'react-i18next'
import { EndedJobs, InterruptedJobs, QueuedJobs, RunningJobs } from './job-groups.tsx'
import styles from './job-tray.module.css'

export function JobTray() {
  const { t } = useTranslation()
  return (
    <section className={styles.tray} aria-label={t('jobs.title')}>
      <div className={styles.column}>
        <RunningJobs />
      </div>
      <div className={styles.column}>
        <InterruptedJobs />
        <QueuedJobs />
      </div>
      <div className={styles.column}>
        <EndedJobs />
      </div>
    </section>
  )
}
