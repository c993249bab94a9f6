// What was done to a volume, ever since Spindle keeps a journal, with a way back from the last change while there is one.

import { Check, CircleSlash, OctagonX, TriangleExclamationPoint, Undo2 } from 'lucide-react'
import { useTranslation } from 'react-i18next'
import type { JobView, Volume } from '../../../electron/contract/data.ts'
import type { VolumeId } from '../../../electron/contract/ids.ts'
import { api } from '../../state/api.ts'
import { useAsked, useVersion } from '../../state/asked.ts'
import { errorText } from '../../state/errors.ts'
import { jobTitle, outcomeText } from '../../state/job-text.ts'
import { fullDateText } from '../../state/text.ts'
import { undoLastChange, useUndo } from '../../state/undo.ts'
import { Button } from '../../ui/button.tsx'
import styles from './activity.module.css'

const ask = (id: VolumeId): Promise<readonly JobView[]> => api.activity(id)

/** Those that leave the volume as it was. */
const LOOKING: ReadonlySet<JobView['kind']> = new Set(['check', 'compare', 'create', 'convert'])

export function ActivityTab({ volume }: { readonly volume: Volume }) {
  const { t } = useTranslation()
  const done = useUndo((state) => state.done)
  const offer = useUndo((state) => state.offers.get(volume.id))
  const { value, error } = useAsked(volume.id, `${useVersion(volume)} ${done}`, ask)
  if (error && !value) {
    const { headline, rest } = errorText(error)
    return (
      <p className={styles.empty} role="alert">
        {headline} {rest}
      </p>
    )
  }
  if (!value) return <p className={styles.empty}>{t('activity.looking')}</p>
  if (value.length === 0) {
    return (
      <div className={styles.empty}>
        <p className="strong">{t('activity.none')}</p>
        <p className="muted">{t('activity.noneHelp')}</p>
      </div>
    )
  }
  const last = value.find((job) => job.state.kind === 'succeeded' && !LOOKING.has(job.kind))
  return (
    <div className={styles.tab}>
      <table className={styles.table}>
        <thead>
          <tr>
            <th scope="col">{t('activity.when')}</th>
            <th scope="col">{t('activity.what')}</th>
            <th scope="col">{t('activity.outcome')}</th>
          </tr>
        </thead>
        <tbody>
          {value.map((job) => (
            <tr key={job.id}>
              <td className="muted nowrap">{fullDateText(job.endedAt ?? job.queuedAt)}</td>
              <th scope="row">{jobTitle(job)}</th>
              <td>
                <span className={styles.outcome}>
                  <OutcomeIcon job={job} />
                  <span className="grow">{outcomeWords(job)}</span>
                  {job === last && offer?.kind === 'offered' && (
                    <Button
                      size="small"
                      icon={<Undo2 aria-hidden="true" />}
                      title={t('activity.undoHelp')}
                      onClick={() => void undoLastChange(volume.id)}
                    >
                      {t('activity.undo')}
                    </Button>
                  )}
                </span>
              </td>
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  )
}

function outcomeWords(job: JobView): string {
  return job.state.kind === 'failed' ? job.state.error.message : outcomeText(job)
}

function OutcomeIcon({ job: { state } }: { readonly job: JobView }) {
  if (state.kind === 'failed') return <OctagonX className="danger" aria-hidden="true" />
  if (state.kind === 'cancelled') return <CircleSlash className="muted" aria-hidden="true" />
  if (state.kind === 'interrupted') return <TriangleExclamationPoint className="warn" aria-hidden="true" />
  return <Check className="muted" aria-hidden="true" />
}
