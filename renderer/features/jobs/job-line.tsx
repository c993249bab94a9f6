// Jobs that wait or have ended, one line each; a failed one tells why below.

import { Check, CircleSlash, FolderOpen, OctagonX, RotateCcw, TriangleExclamationPoint, X } from 'lucide-react'
import { useTranslation } from 'react-i18next'
import type { JobView } from '../../../electron/contract/data.ts'
import type { ErrorData } from '../../../core/model/index.ts'
import { api } from '../../state/api.ts'
import { errorText } from '../../state/errors.ts'
import { cancelJob, dismissJob, retryJob } from '../../state/jobs.ts'
import { tell } from '../../state/notices.ts'
import { revealVolume } from '../../state/view.ts'
import { useVolumes } from '../../state/volumes.ts'
import { IconButton } from '../../ui/button.tsx'
import { CodeBlock, CopyButton } from '../../ui/code-block.tsx'
import { Fold } from '../../ui/fold.tsx'
import { JOB_ICONS } from './job-icons.ts'
import { JobLog } from './job-log.tsx'
import { jobTitle, outcomeText } from '../../state/job-text.ts'
import styles from './job-tray.module.css'

export function QueuedJob({ job }: { readonly job: JobView }) {
  const { t } = useTranslation()
  const Icon = JOB_ICONS[job.kind]
  const title = jobTitle(job)
  return (
    <li className={styles.line}>
      <Icon className="muted" aria-hidden="true" />
      <span className="cut" title={title}>
        {title}
      </span>
      <span />
      <IconButton
        size="small"
        label={t('jobs.cancelNamed', { job: title })}
        icon={<X />}
        onClick={() => cancelJob(job.id)}
      />
    </li>
  )
}

export function EndedJob({ job }: { readonly job: JobView }) {
  const { t } = useTranslation()
  const title = jobTitle(job)
  const { state, volume } = job
  const known = useVolumes((all) => volume !== undefined && all.byId.has(volume))
  const warnings = state.kind === 'succeeded' ? state.result.warnings : []
  return (
    <li className={styles.ended}>
      <div className={styles.line}>
        <OutcomeIcon job={job} warned={warnings.length > 0} />
        {known && volume !== undefined ? (
          <button type="button" className={styles.link} title={title} onClick={() => revealVolume(volume)}>
            {title}
          </button>
        ) : (
          <span className="cut" title={title}>
            {title}
          </span>
        )}
        <span className="secondary muted nowrap">{outcomeText(job)}</span>
        <span className={styles.actions}>
          {(state.kind === 'failed' || state.kind === 'cancelled') && (
            <IconButton
              size="small"
              label={t('jobs.retry', { job: title })}
              icon={<RotateCcw />}
              onClick={() => retryJob(job.id)}
            />
          )}
          {volume !== undefined && (
            <IconButton
              size="small"
              label={t('jobs.show', { job: title })}
              icon={<FolderOpen />}
              onClick={() => {
                api.showInFolder(volume).catch(tell)
              }}
            />
          )}
          <IconButton
            size="small"
            label={t('jobs.dismiss', { job: title })}
            icon={<X />}
            onClick={() => dismissJob(job.id)}
          />
        </span>
      </div>
      {warnings.map((warning) => (
        <p key={warning} className={styles.warning}>
          {warning}
        </p>
      ))}
      {state.kind === 'failed' && <Failure error={state.error} />}
      <JobLog job={job} />
    </li>
  )
}

function OutcomeIcon({ job, warned }: { readonly job: JobView; readonly warned: boolean }) {
  if (job.state.kind === 'failed') return <OctagonX className="danger" aria-hidden="true" />
  if (job.state.kind === 'cancelled') return <CircleSlash className="muted" aria-hidden="true" />
  if (warned) return <TriangleExclamationPoint className="warn" aria-hidden="true" />
  return <Check className="ok" aria-hidden="true" />
}

function Failure({ error }: { readonly error: ErrorData }) {
  const { t } = useTranslation()
  const { details } = errorText(error)
  return (
    <div className={styles.failure}>
      <p>{error.message}</p>
      <Fold
        title={t('error.details')}
        end={
          <CopyButton
            label={t('error.copyDetails')}
            doneLabel={t('error.copied')}
            onCopy={() => {
              api.copyText(`${error.message}\n${details}`).catch(tell)
            }}
          />
        }
      >
        <CodeBlock text={details} />
      </Fold>
    </div>
  )
}
