// The findings themselves: errors, leaks and notes, and what a repair did about them.

import { Check, Info, OctagonX, TriangleExclamationPoint } from 'lucide-react'
import type { LucideIcon } from 'lucide-react'
import type { ReactNode } from 'react'
import { useTranslation } from 'react-i18next'
import type { CheckFinding, CheckReport, FindingKind } from '../../../core/model/index.ts'
import type { Volume } from '../../../electron/contract/data.ts'
import type { Checked } from '../../state/checks.ts'
import { openDialog } from '../../state/dialogs.ts'
import { countText, percentText, sizeText } from '../../state/text.ts'
import { Button } from '../../ui/button.tsx'
import styles from './health.module.css'
import { leakedBytes } from './words.ts'

interface FindingsProps {
  readonly volume: Volume
  readonly checked: Checked
}

export function Findings({ volume, checked }: FindingsProps) {
  const { t } = useTranslation()
  const { report, repair } = checked
  if (!report) return <p className={styles.plain}>{t('check.nothingHelp')}</p>
  const { corruptions, leaks, allocatedClusters, fragmentedClusters } = report.totals
  const notes = of(report, 'note')
  const scattered = allocatedClusters > 0 ? fragmentedClusters / allocatedClusters : 0
  return (
    <>
      {repair && (
        <Group title={t('check.repaired')}>
          {repair.repaired.length === 0 ? (
            <Line icon={Info} tone="info" text={t('check.repairedNothing')} />
          ) : (
            repair.repaired.map((sentence) => <Line key={sentence} icon={Check} tone="ok" text={sentence} />)
          )}
        </Group>
      )}
      {corruptions > 0 && (
        <Group
          title={t('check.group.error')}
          tone="danger"
          count={countText(corruptions)}
          action={
            <Button size="small" onClick={() => openDialog({ kind: 'repair', volume, report, mode: 'all' })}>
              {t('check.repairErrors', { count: corruptions })}
            </Button>
          }
        >
          <Lines report={report} kind="error" icon={OctagonX} tone="danger" />
        </Group>
      )}
      {leaks > 0 && (
        <Group
          title={t('check.group.leak')}
          tone="warn"
          count={sizeText(leakedBytes(report))}
          action={
            <Button size="small" onClick={() => openDialog({ kind: 'repair', volume, report, mode: 'leaks' })}>
              {t('check.freeLeaks', { size: sizeText(leakedBytes(report)) })}
            </Button>
          }
        >
          <Lines report={report} kind="leak" icon={TriangleExclamationPoint} tone="warn" />
        </Group>
      )}
      {(notes.length > 0 || scattered > 0) && (
        <Group title={t('check.group.note')}>
          <Lines report={report} kind="note" icon={Info} tone="info" />
          {scattered > 0 && (
            <Line
              icon={Info}
              tone="info"
              text={t('check.scattered', { part: percentText(scattered) })}
              amount={t('check.scatteredCount', { count: fragmentedClusters, all: allocatedClusters })}
            />
          )}
        </Group>
      )}
    </>
  )
}

function of(report: CheckReport, kind: FindingKind): readonly CheckFinding[] {
  return report.findings.filter((finding) => finding.kind === kind)
}

interface LinesProps {
  readonly report: CheckReport
  readonly kind: FindingKind
  readonly icon: LucideIcon
  readonly tone: Tone
}

function Lines({ report, kind, icon, tone }: LinesProps) {
  const { t } = useTranslation()
  const unlisted = report.unlisted[kind]
  return (
    <>
      {of(report, kind).map(({ code, message, count }, index) => (
        // Two findings can read the same; they are never moved about.
        // oxlint-disable-next-line react/no-array-index-key
        <Line key={`${index} ${code}`} icon={icon} tone={tone} text={message} amount={amount(kind, count)} />
      ))}
      {unlisted > 0 && <Line icon={icon} tone={tone} text={t('check.more', { count: unlisted })} />}
    </>
  )

  function amount(of: FindingKind, count: number): string | undefined {
    if (of === 'leak') return sizeText(count * report.clusterSize)
    return count > 1 ? t('check.times', { count }) : undefined
  }
}

type Tone = 'danger' | 'warn' | 'info' | 'ok'

interface LineProps {
  readonly icon: LucideIcon
  readonly tone: Tone
  readonly text: string
  readonly amount?: string | undefined
}

function Line({ icon: Icon, tone, text, amount }: LineProps) {
  return (
    <li className={styles.finding}>
      <Icon className={styles[tone]} aria-hidden="true" />
      <span className={styles.sentence}>{text}</span>
      <span className="secondary muted nowrap">{amount}</span>
    </li>
  )
}

interface GroupProps {
  readonly title: string
  readonly tone?: Tone
  readonly count?: string
  readonly action?: ReactNode
  readonly children: ReactNode
}

function Group({ title, tone, count, action, children }: GroupProps) {
  return (
    <section className={styles.group} aria-label={title}>
      <div className={styles.groupHead}>
        <h3 className={tone && styles[tone]}>{title}</h3>
        <span className={styles.count}>{count}</span>
        <span className="grow" />
        {action}
      </div>
      <ul>{children}</ul>
    </section>
  )
}
