// What it costs: bytes to read, bytes to write, time where it can be told, room left; and the same as a command.

import { useTranslation } from 'react-i18next'
import type { ConvertPlan } from '../../../core/model/index.ts'
import { api } from '../../state/api.ts'
import { useJobs } from '../../state/jobs.ts'
import { tell } from '../../state/notices.ts'
import { commandText } from '../../state/shell-words.ts'
import { durationText, sizeText } from '../../state/text.ts'
import { CodeBlock, CopyButton } from '../../ui/code-block.tsx'
import { Fold } from '../../ui/fold.tsx'
import styles from './convert.module.css'
import { about } from './one-source.tsx'

interface EstimateProps {
  readonly plans: readonly ConvertPlan[]
  /** As people write it. */
  readonly folder: string
}

export function Estimate({ plans, folder }: EstimateProps) {
  const { t } = useTranslation()
  const pace = useJobs((state) => state.convertPace)
  const [first] = plans
  const reads = plans.reduce((sum, plan) => sum + plan.reads, 0)
  const writes = plans.reduce((sum, plan) => sum + plan.writes, 0)
  const exact = plans.every((plan) => plan.exact)
  const left = (first?.free ?? 0) - writes
  const command = plans.map((plan) => commandText(plan.command)).join('\n')
  return (
    <>
      <dl className={styles.estimate}>
        <div>
          <dt>{t('convert.reads')}</dt>
          <dd>{first ? sizeText(reads) : '–'}</dd>
        </div>
        <div>
          <dt>{t('convert.writes')}</dt>
          <dd>{first ? about(writes, exact, t) : '–'}</dd>
        </div>
        {pace !== undefined && (
          <div>
            <dt>{t('convert.time')}</dt>
            <dd>{first ? t('convert.about', { size: durationText(reads / pace) }) : '–'}</dd>
          </div>
        )}
        <div>
          <dt className="cut" title={folder}>
            {t('convert.left', { folder })}
          </dt>
          {left < 0 ? (
            <dd className="danger">{t('convert.short', { size: sizeText(-left) })}</dd>
          ) : (
            <dd>{first ? about(left, exact, t) : '–'}</dd>
          )}
        </div>
      </dl>
      <Fold
        title={t('convert.command')}
        end={
          <CopyButton
            label={t('inspector.copyCommand')}
            doneLabel={t('error.copied')}
            onCopy={() => {
              api.copyText(command).catch(tell)
            }}
          />
        }
      >
        <CodeBlock text={command === '' ? '–' : command} />
      </Fold>
    </>
  )
}
