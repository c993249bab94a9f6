// What a check found in a volume: in sentences, worst first, each group with what can be done about it.

import { CircleCheck, CircleExclamationPoint, ShieldCheck, TriangleExclamationPoint } from 'lucide-react'
import { useTranslation } from 'react-i18next'
import type { Volume } from '../../../electron/contract/data.ts'
import { useCommand } from '../../commands/use-command.ts'
import { stillHolds, useChecks, verdict } from '../../state/checks.ts'
import type { Checked } from '../../state/checks.ts'
import { fraction, unfinishedJobOf, useJobs } from '../../state/jobs.ts'
import { dateText, durationText, percentText } from '../../state/text.ts'
import { ProgressBar } from '../../ui/bar.tsx'
import { Button } from '../../ui/button.tsx'
import { Note } from '../../ui/note.tsx'
import { Findings } from './findings.tsx'
import styles from './health.module.css'
import { headline } from './words.ts'

export function HealthTab({ volume }: { readonly volume: Volume }) {
  const { t } = useTranslation()
  const checked = useChecks((state) => state.byVolume.get(volume.id))
  const job = useJobs((state) => unfinishedJobOf(state.jobs, volume.id))
  const { title, run } = useCommand('volume.check')
  if (job && (job.kind === 'check' || job.kind === 'repair')) {
    const part = fraction(job)
    const doing = job.kind === 'check' ? t('check.checking') : t('check.repairing')
    return (
      <div className={styles.empty} role="status">
        <ShieldCheck className="icon-32" aria-hidden="true" />
        <p>{doing}</p>
        <div className={styles.progress}>
          <ProgressBar label={doing} part={part} />
          <span className="muted">{part === undefined ? '–' : percentText(part)}</span>
        </div>
      </div>
    )
  }
  if (!checked) {
    return (
      <div className={styles.empty}>
        <ShieldCheck className="icon-32" aria-hidden="true" />
        <p>{t('check.never')}</p>
        <Button variant="primary" icon={<ShieldCheck aria-hidden="true" />} onClick={run}>
          {title}
        </Button>
      </div>
    )
  }
  return (
    <>
      <Summary checked={checked} onAgain={run} />
      <div className={styles.body}>
        {!stillHolds(checked, volume) && (
          <div className={styles.stale}>
            <Note kind="info">{t('check.stale')}</Note>
          </div>
        )}
        <Findings volume={volume} checked={checked} />
      </div>
    </>
  )
}

/** Seconds. */
const WORTH_TELLING = 5

interface SummaryProps {
  readonly checked: Checked
  readonly onAgain: () => void
}

function Summary({ checked, onAgain }: SummaryProps) {
  const { t } = useTranslation()
  const told = { date: dateText(checked.at) }
  return (
    <div className={styles.summary}>
      <SummaryIcon checked={checked} />
      <div className="column grow" role="status">
        <span className="strong">{checked.report ? headline(checked.report) : t('check.nothing')}</span>
        <span className="secondary muted">
          {checked.repair ? t('check.repairedAt', told) : t('check.checkedAt', told)}{' '}
          {checked.seconds >= WORTH_TELLING && t('check.took', { time: durationText(checked.seconds) })}
        </span>
      </div>
      <Button icon={<ShieldCheck aria-hidden="true" />} onClick={onAgain}>
        {t('check.again')}
      </Button>
    </div>
  )
}

function SummaryIcon({ checked: { report } }: { readonly checked: Checked }) {
  if (!report) return <ShieldCheck className="icon-20 muted" aria-hidden="true" />
  switch (verdict(report)) {
    case 'sound':
      return <CircleCheck className="icon-20 ok" aria-hidden="true" />
    case 'errors':
      return <CircleExclamationPoint className="icon-20 danger" aria-hidden="true" />
    default:
      return <TriangleExclamationPoint className="icon-20 warn" aria-hidden="true" />
  }
}
