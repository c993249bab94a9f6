// The dirty bitmaps in an image: which there are, new ones, and what can be done to each.

import { useId, useRef, useState } from 'react'
import { useTranslation } from 'react-i18next'
import type { BitmapFacts } from '../../../core/model/index.ts'
import type { BitmapRequest, Volume } from '../../../electron/contract/data.ts'
import { closeDialog, dialogLabels } from '../../state/dialogs.ts'
import { errorText } from '../../state/errors.ts'
import { useInspection } from '../../state/inspection.ts'
import { isEnded, startJobs, theVolume, unfinishedJobOf, useJobs } from '../../state/jobs.ts'
import { tell } from '../../state/notices.ts'
import { sizeText } from '../../state/text.ts'
import { fileName } from '../../state/volumes.ts'
import { Block, Field, FormDialog } from '../../ui/form-dialog.tsx'
import { Note } from '../../ui/note.tsx'
import { Select } from '../../ui/select.tsx'
import { TextField } from '../../ui/text-field.tsx'
import styles from './amend.module.css'
import { BitmapRow } from './bitmap-row.tsx'

/** Bytes one bit can stand for. */
const GRANULARITIES = Array.from({ length: 16 }, (_, power) => 4096 * 2 ** power)
const USUAL = 65_536

export function BitmapsDialog({ volume }: { readonly volume: Volume }) {
  const { t } = useTranslation()
  const id = useId()
  const field = useRef<HTMLInputElement>(null)
  const [name, setName] = useState('')
  const [granularity, setGranularity] = useState(String(USUAL))
  const { value: chain, error } = useInspection(volume)
  const busy = useJobs((state) => unfinishedJobOf(state.jobs, volume.id) !== undefined)
  const last = useJobs((state) => state.jobs.findLast((job) => job.volume === volume.id && isEnded(job)))
  const details = chain?.[0]?.details
  const bitmaps = details?.bitmaps
  const taken = bitmaps?.some((one) => one.name === name) === true

  function start(of: string, actions: BitmapRequest['actions']): void {
    startJobs([{ kind: 'bitmap', ...theVolume(volume), name: of, actions, keepUndo: true }]).catch(tell)
  }

  function reason(): string | undefined {
    if (error) return errorText(error).headline
    if (details && !bitmaps) return t('bitmaps.none')
    if (!bitmaps) return t('chain.looking')
    if (busy) return t('bitmaps.busy')
    if (name.trim() === '') return t('bitmaps.nameFirst')
    return taken ? t('bitmaps.taken') : undefined
  }

  const failure = last?.kind === 'bitmap' && last.state.kind === 'failed' ? last.state.error : undefined
  return (
    <FormDialog
      title={t('bitmaps.title', { name: fileName(volume.name) })}
      labels={{ close: dialogLabels().close, cancel: t('dialog.close') }}
      submit={t('bitmaps.add')}
      reason={reason()}
      initialFocus={field}
      onClose={closeDialog}
      onSubmit={() => {
        start(name, [{ kind: 'add', granularity: Number(granularity) }])
        setName('')
      }}
    >
      <p className="muted">{t('bitmaps.text')}</p>
      {failure && (
        <Block>
          <Note kind="danger" role="alert">
            {failure.message}
          </Note>
        </Block>
      )}
      <List bitmaps={bitmaps ?? []} busy={busy} onAct={start} />
      <Block>
        <div className={styles.row}>
          <Field label={t('bitmaps.newName')} htmlFor={id}>
            <TextField id={id} ref={field} value={name} onValueChange={setName} invalid={taken} />
          </Field>
          <Field label={t('bitmaps.granularity')} htmlFor={`${id}-granularity`}>
            <Select
              id={`${id}-granularity`}
              label={t('bitmaps.granularity')}
              items={GRANULARITIES.map((bytes) => ({ value: String(bytes), label: sizeText(bytes) }))}
              value={granularity}
              onValueChange={setGranularity}
            />
          </Field>
        </div>
      </Block>
    </FormDialog>
  )
}

interface ListProps {
  readonly bitmaps: readonly BitmapFacts[]
  readonly busy: boolean
  readonly onAct: (name: string, actions: BitmapRequest['actions']) => void
}

function List({ bitmaps, busy, onAct }: ListProps) {
  const { t } = useTranslation()
  if (bitmaps.length === 0) return <p>{t('bitmaps.empty')}</p>
  return (
    <ul className={styles.list} aria-label={t('inspector.bitmaps')}>
      {bitmaps.map((bitmap) => (
        <BitmapRow
          key={bitmap.name}
          bitmap={bitmap}
          others={bitmaps.filter(({ name }) => name !== bitmap.name).map(({ name }) => name)}
          busy={busy}
          onAct={(actions) => onAct(bitmap.name, actions)}
        />
      ))}
    </ul>
  )
}
