// All jobs on a page of their own, one below the other.

import { useEffect, useRef } from 'react'
import { useTranslation } from 'react-i18next'
import { EndedJobs, InterruptedJobs, QueuedJobs, RunningJobs } from './job-groups.tsx'
import styles from './job-tray.module.css'

export function JobsPage() {
  const { t } = useTranslation()
  // Whoever came by keyboard goes on from here.
  const page = useRef<HTMLElement>(null)
  useEffect(() => page.current?.focus(), [])
  return (
    <main ref={page} className={styles.page} aria-label={t('jobs.title')} tabIndex={-1}>
      <div className={styles.list}>
        <InterruptedJobs />
        <RunningJobs />
        <QueuedJobs />
        <EndedJobs />
      </div>
    </main>
  )
}
