// The line at the foot of the window: the newest running job, or that there is none.

import { ArrowRightLeft, Camera, ChevronDown, ChevronUp, FilePlus2, GitCompare, Scaling, X } from 'lucide-react'
import { useTranslation } from 'react-i18next'
import type { JobView } from '../../../electron/contract/data.ts'
import { useCommand } from '../../commands/use-command.ts'
import { fraction, isCancellable, isEnded, isUnderWay, newestUnderWay, useJobs } from '../../state/jobs.ts'
import { percentText, rateText } from '../../state/text.ts'
import { ProgressBar } from '../../ui/bar.tsx'
import { Button, IconButton } from '../../ui/button.tsx'
import { jobTitle, timeLeftText } from './job-text.ts'
import styles from './job-bar.module.css'

export const JOB_ICONS = {
  create: FilePlus2,
  convert: ArrowRightLeft,
  compare: GitCompare,
  snapshot: Camera,
  resize: Scaling,
} as const

export function JobBar({ open }: { readonly open: boolean }) {
  const { t } = useTranslation()
  const jobs = useJobs((state) => state.jobs)
  const { shortcut, run } = useCommand('jobs.show')
  const newest = newestUnderWay(jobs)
  const Chevron = open ? ChevronDown : ChevronUp
  return (
    <footer className={styles.bar} aria-label={t('jobs.bar')}>
      {newest ? <Running job={newest} /> : <span className="muted cut">{summary(jobs, t)}</span>}
      <span className="grow" />
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
      <span className={styles.title}>{jobTitle(job)}</span>
      <ProgressBar label={jobTitle(job)} part={part} className={styles.progress} />
      {job.state.kind === 'cancelling' ? (
        <span className="muted nowrap">{t('jobs.cancelling')}</span>
      ) : (
        <>
          <span className={styles.percent}>{part === undefined ? '–' : percentText(part)}</span>
          <span className={styles.rate}>{rate === undefined ? '–' : rateText(rate)}</span>
          <span className={styles.left}>{timeLeftText(job, trace)}</span>
        </>
      )}
      {isCancellable(job) && (
        <IconButton size="tiny" label={cancel.title} shortcut={cancel.shortcut} icon={<X />} onClick={cancel.run} />
      )}
    </>
  )
}

type Translate = ReturnType<typeof useTranslation>['t']

function summary(jobs: readonly JobView[], t: Translate): string {
  const queued = jobs.filter((job) => job.state.kind === 'queued').length
  const failed = jobs.filter((job) => job.state.kind === 'failed').length
  if (jobs.some(isUnderWay) || jobs.length === 0) return t('jobs.none')
  if (failed > 0) return t('jobs.someFailed', { count: failed })
  if (queued > 0) return t('jobs.someQueued', { count: queued })
  return t('jobs.allDone', { count: jobs.filter(isEnded).length })
}
