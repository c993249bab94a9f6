// Merging a volume down: what is written where, and who else would be damaged by it.

import { ShieldCheck } from 'lucide-react'
import { useState } from 'react'
import { useTranslation } from 'react-i18next'
import type { CommitRequest, Volume } from '../../../electron/contract/data.ts'
import { api } from '../../state/api.ts'
import { closeDialog, dialogLabels } from '../../state/dialogs.ts'
import { useInspection } from '../../state/inspection.ts'
import { startJobs, theVolume } from '../../state/jobs.ts'
import { tell } from '../../state/notices.ts'
import { usePlanned } from '../../state/planned.ts'
import { sizeText } from '../../state/text.ts'
import { fileName } from '../../state/volumes.ts'
import { Checkbox } from '../../ui/checkbox.tsx'
import { Figures } from '../../ui/figures.tsx'
import { Block, Field, FormDialog } from '../../ui/form-dialog.tsx'
import { Note } from '../../ui/note.tsx'
import { Select } from '../../ui/select.tsx'
import { Refusal } from './refusal.tsx'
import { SameCommand } from './same-command.tsx'

const plan = (request: CommitRequest) => api.planCommit(request)

export function Commit({ volume }: { readonly volume: Volume }) {
  const { t } = useTranslation()
  const [depth, setDepth] = useState(1)
  const [keepTop, setKeepTop] = useState(false)
  const { value: chain } = useInspection(volume)
  const request: CommitRequest = { kind: 'commit', ...theVolume(volume), depth, keepTop, allowOthers: false }
  const { plan: planned, error, fresh } = usePlanned(request, plan)
  const bases = (chain ?? []).slice(1).map(({ path }, index) => ({ value: String(index + 1), label: fileName(path) }))
  const name = fileName(volume.name)
  const base = planned ? fileName(planned.base) : (bases[depth - 1]?.label ?? '–')
  const blocked = (planned?.others.length ?? 0) + (planned?.snapshots.length ?? 0) > 0
  const bytes = planned ? sizeText(planned.bytes) : '–'

  function start(): void {
    closeDialog()
    startJobs([request]).catch(tell)
  }

  return (
    <FormDialog
      title={t('commit.title', { name })}
      alert
      labels={dialogLabels()}
      submit={t('commit.submit')}
      reason={error || blocked ? t('commit.blocked') : fresh ? undefined : t('chain.looking')}
      promise={
        <>
          <ShieldCheck className="icon-14" aria-hidden="true" />
          {t('commit.promise')}
        </>
      }
      onClose={closeDialog}
      onSubmit={start}
    >
      <p>{t('commit.text', { name, base })}</p>
      {bases.length > 1 && (
        <Block>
          <Field label={t('commit.into')}>
            <Select
              label={t('commit.into')}
              items={bases}
              value={String(depth)}
              onValueChange={(value) => setDepth(Number(value))}
            />
          </Field>
        </Block>
      )}
      <Figures
        figures={[
          { label: t('commit.written', { base }), value: bytes },
          { label: t('commit.freed', { name }), value: keepTop ? sizeText(0) : bytes },
        ]}
      />
      {planned && planned.between.length > 0 && (
        <Note kind="warn">{t('commit.between', { names: planned.between.map(fileName).join(', ') })}</Note>
      )}
      <Refusal
        error={error}
        others={planned && { sentence: t('commit.others', { base }), paths: planned.others }}
        snapshots={planned && { sentence: t('commit.snapshots', { base }), names: planned.snapshots }}
      />
      <Block>
        <Checkbox
          label={t('commit.keepTop', { name })}
          help={t('commit.keepTopHelp')}
          checked={keepTop}
          onCheckedChange={setKeepTop}
        />
      </Block>
      <SameCommand words={planned?.command ?? []} />
    </FormDialog>
  )
}
