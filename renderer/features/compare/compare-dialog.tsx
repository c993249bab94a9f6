// The two disks, each as it is now or as a snapshot has it, and then the answer below them.

import { ShieldCheck } from 'lucide-react'
import { useState } from 'react'
import { useTranslation } from 'react-i18next'
import type { Volume } from '../../../electron/contract/data.ts'
import type { JobId } from '../../../electron/contract/ids.ts'
import { api } from '../../state/api.ts'
import { closeDialog, dialogLabels } from '../../state/dialogs.ts'
import { fraction, useJobs } from '../../state/jobs.ts'
import { tell } from '../../state/notices.ts'
import { percentText } from '../../state/text.ts'
import { ProgressBar } from '../../ui/bar.tsx'
import { Checkbox } from '../../ui/checkbox.tsx'
import { Block, FormDialog } from '../../ui/form-dialog.tsx'
import { Note } from '../../ui/note.tsx'
import { Answer } from './answer.tsx'
import styles from './compare.module.css'
import { Side } from './side.tsx'

interface CompareDialogProps {
  readonly left: Volume
  readonly right: Volume
  readonly leftSnapshot?: string
  readonly rightSnapshot?: string
}

export function CompareDialog({ left, right, ...proposed }: CompareDialogProps) {
  const { t } = useTranslation()
  const [before, setBefore] = useState(proposed.leftSnapshot)
  const [after, setAfter] = useState(proposed.rightSnapshot)
  const [strict, setStrict] = useState(false)
  const [id, setId] = useState<JobId>()
  const job = useJobs((state) => state.jobs.find((one) => one.id === id))
  const state = job?.state
  const busy = state?.kind === 'queued' || state?.kind === 'running' || state?.kind === 'cancelling'
  const part = job && fraction(job)

  function start(): void {
    api
      .startJob({
        kind: 'compare',
        left: left.id,
        right: right.id,
        ...(left.format !== undefined && { leftFormat: left.format }),
        ...(right.format !== undefined && { rightFormat: right.format }),
        ...(before !== undefined && { leftSnapshot: before }),
        ...(after !== undefined && { rightSnapshot: after }),
        strict,
        ranges: true,
      })
      .then(setId, tell)
  }

  /** What was found is about two other disks. */
  function choose(put: (snapshot: string | undefined) => void): (snapshot: string | undefined) => void {
    return (snapshot) => {
      put(snapshot)
      setId(undefined)
    }
  }

  return (
    <FormDialog
      title={t('compare.title')}
      width="medium"
      labels={{ ...dialogLabels(), cancel: t('dialog.close') }}
      submit={state?.kind === 'succeeded' ? t('compare.again') : t('command.compare')}
      reason={busy ? t('compare.busy') : undefined}
      promise={
        <>
          <ShieldCheck className="icon-14" aria-hidden="true" />
          {t('compare.promise')}
        </>
      }
      onClose={closeDialog}
      onSubmit={start}
    >
      <p>{t('compare.text')}</p>
      <div className={styles.sides}>
        <Side label={t('compare.before')} volume={left} snapshot={before} onSnapshot={choose(setBefore)} />
        <Side label={t('compare.after')} volume={right} snapshot={after} onSnapshot={choose(setAfter)} />
      </div>
      <Block>
        <Checkbox
          label={t('compare.strict')}
          help={t('compare.strictHelp')}
          checked={strict}
          onCheckedChange={setStrict}
        />
      </Block>
      {busy && (
        <div className={styles.progress}>
          <ProgressBar label={t('compare.busy')} part={part} className={styles.bar} />
          <span className={styles.percent}>{part === undefined ? '–' : percentText(part)}</span>
        </div>
      )}
      {state?.kind === 'failed' && (
        <Block>
          <Note kind="danger" role="alert">
            {state.error.message}
          </Note>
        </Block>
      )}
      {state?.kind === 'succeeded' && state.result.kind === 'compare' && <Answer result={state.result} />}
    </FormDialog>
  )
}
