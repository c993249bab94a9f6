// The line at the foot of the window: the newest running job, or that there is none.

import { ChevronDown, ChevronUp, OctagonX, Pause, Play, TriangleExclamationPoint, X } from 'lucide-react'
import { useTranslation } from 'react-i18next'
import type { JobView } from '../../../electron/contract/data.ts'
import { useCommand } from '../../commands/use-command.ts'
import {
  continueJob,
  fraction,
  isCancellable,
  isInterrupted,
  isPaused,
  newestUnderWay,
  pauseJob,
  useJobs,
} from '../../state/jobs.ts'
import { percentText, rateText } from '../../state/text.ts'
import { ProgressBar } from '../../ui/bar.tsx'
import { Button, IconButton } from '../../ui/button.tsx'
import { JOB_ICONS } from './job-icons.ts'
import { jobTitle, timeLeftText } from '../../state/job-text.ts'
import styles from './job-bar.module.css'

export function JobBar({ open }: { readonly open: boolean }) {
  const { t } = useTranslation()
  const jobs = useJobs((state) => state.jobs)
  const { shortcut, run } = useCommand('jobs.show')
  const all = useCommand('jobs.page')
  const newest = newestUnderWay(jobs)
  const Chevron = open ? ChevronDown : ChevronUp
  return (
    <footer className={styles.bar} aria-label={t('jobs.bar')}>
      {newest ? <Running job={newest} /> : <Idle jobs={jobs} />}
      {open && !newest && <span className="muted cut">{t('jobs.onePerDisk')}</span>}
      <span className="grow" />
      {open && (
        <Button variant="ghost" size="tiny" title={all.shortcut} onClick={all.run}>
          {t('jobs.openAll')}
        </Button>
      )}
      {(jobs.length > 0 || open) && (
        <Button variant="ghost" size="tiny" aria-expanded={open} title={shortcut} onClick={run}>
          {open ? t('jobs.hide') : t('jobs.count', { count: jobs.length })}
          <Chevron className="icon-14" aria-hidden="true" />
        </Button>
      )}
    </footer>
  )
}

function Running({ job }: { readonly job: JobView }) {
  const { t } = useTranslation()
  const trace = useJobs((state) => state.traces.get(job.id))
  const cancel = useCommand('jobs.cancel')
  const part = fraction(job)
  const Icon = JOB_ICONS[job.kind]
  const rate = job.state.kind === 'running' ? job.state.rate : undefined
  return (
    <>
      <Icon className="icon-14 accent" aria-hidden="true" />
      <span className={styles.title} title={jobTitle(job)}>
        {jobTitle(job)}
      </span>
      {/* The bar is of one phase; it begins anew with the next. */}
      {job.state.kind === 'running' && (
        <span className={styles.phase}>{t(`jobs.phase.${job.state.progress.phase}`)}</span>
      )}
      <ProgressBar label={jobTitle(job)} part={part} className={styles.progress} />
      {job.state.kind === 'cancelling' ? (
        <span className="muted nowrap">{t('jobs.cancelling')}</span>
      ) : (
        <>
          <span className={styles.percent}>{part === undefined ? '–' : percentText(part)}</span>
          <span className={styles.rate}>{rate === undefined ? '–' : rateText(rate)}</span>
          <span className={styles.left}>{isPaused(job) ? t('jobs.paused') : timeLeftText(job, trace)}</span>
        </>
      )}
      {isCancellable(job) && (
        <IconButton
          size="tiny"
          label={t(isPaused(job) ? 'jobs.continue' : 'jobs.pause', { job: jobTitle(job) })}
          icon={isPaused(job) ? <Play /> : <Pause />}
          onClick={() => (isPaused(job) ? continueJob : pauseJob)(job.id)}
        />
      )}
      {isCancellable(job) && (
        <IconButton size="tiny" label={cancel.title} shortcut={cancel.shortcut} icon={<X />} onClick={cancel.run} />
      )}
    </>
  )
}

/** Nothing is running: what has become of those that were. */
function Idle({ jobs }: { readonly jobs: readonly JobView[] }) {
  const { t } = useTranslation()
  const failed = jobs.filter((job) => job.state.kind === 'failed').length
  const queued = jobs.filter((job) => job.state.kind === 'queued').length
  const interrupted = jobs.filter(isInterrupted).length
  if (interrupted > 0) {
    return (
      <>
        <TriangleExclamationPoint className="icon-14 warn" aria-hidden="true" />
        <span className="warn cut">{t('jobs.someInterrupted', { count: interrupted })}</span>
      </>
    )
  }
  if (failed > 0) {
    return (
      <>
        <OctagonX className="icon-14 danger" aria-hidden="true" />
        <span className="danger cut">{t('jobs.someFailed', { count: failed })}</span>
      </>
    )
  }
  return (
    <span className="muted cut">
      {queued > 0
        ? t('jobs.someQueued', { count: queued })
        : jobs.length > 0
          ? t('jobs.allDone', { count: jobs.length })
          : t('jobs.none')}
    </span>
  )
}
