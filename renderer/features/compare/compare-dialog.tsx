// The two volumes, the question, and then the answer in their place.

import { CircleCheck, CircleExclamationPoint, ShieldCheck } from 'lucide-react'
import { useState } from 'react'
import { useTranslation } from 'react-i18next'
import type { JobResult } from '../../../core/model/index.ts'
import type { Volume } from '../../../electron/contract/data.ts'
import type { JobId } from '../../../electron/contract/ids.ts'
import { api } from '../../state/api.ts'
import { closeDialog, dialogLabels } from '../../state/dialogs.ts'
import { formatShape } from '../../state/formats.ts'
import { fraction, useJobs } from '../../state/jobs.ts'
import { tell } from '../../state/notices.ts'
import { percentText, sizeText } from '../../state/text.ts'
import { fileName } from '../../state/volumes.ts'
import { ProgressBar } from '../../ui/bar.tsx'
import { Checkbox } from '../../ui/checkbox.tsx'
import { Block, FormDialog } from '../../ui/form-dialog.tsx'
import { Glyph } from '../../ui/glyph.tsx'
import { Impacts } from '../../ui/impacts.tsx'
import { Note } from '../../ui/note.tsx'
import styles from './compare.module.css'

interface CompareDialogProps {
  readonly left: Volume
  readonly right: Volume
}

type CompareResult = Extract<JobResult, { kind: 'compare' }>

export function CompareDialog({ left, right }: CompareDialogProps) {
  const { t } = useTranslation()
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
        strict,
      })
      .then(setId, tell)
  }

  return (
    <FormDialog
      title={t('compare.title')}
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
      <Impacts
        label={t('compare.title')}
        impacts={[left, right].map((one) => ({
          icon: <Glyph shape={formatShape(one.format)} />,
          text: fileName(one.name),
          detail: one.path,
          amount: one.virtualSize === undefined ? '–' : sizeText(one.virtualSize),
        }))}
      />
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

function Answer({ result }: { readonly result: CompareResult }) {
  const { t } = useTranslation()
  const { identical, firstDifference, allocationDifference, sizeDiffers, commonSize } = result
  const sentences = [
    firstDifference !== undefined &&
      t('compare.differsAt', { size: sizeText(firstDifference), offset: hex(firstDifference) }),
    firstDifference === undefined && !identical && t('compare.sameBytes', { size: sizeText(commonSize) }),
    sizeDiffers && t('compare.sizes', { size: sizeText(commonSize) }),
    allocationDifference !== undefined && t('compare.allocation', { offset: hex(allocationDifference) }),
  ].filter((sentence) => sentence !== false)
  return (
    <div className={styles.answer} role="status">
      {identical ? (
        <CircleCheck className="icon-20 ok" aria-hidden="true" />
      ) : (
        <CircleExclamationPoint className="icon-20 warn" aria-hidden="true" />
      )}
      <div className="column grow">
        <span className="strong">{identical ? t('compare.identical') : t('compare.different')}</span>
        {sentences.map((sentence) => (
          <span key={sentence} className={styles.sentence}>
            {sentence}
          </span>
        ))}
      </div>
    </div>
  )
}

function hex(offset: number): string {
  return `0x${offset.toString(16).toUpperCase()}`
}
