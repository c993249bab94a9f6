// Flattening a volume: it takes in what it reads from below, and stands alone.

import { ShieldCheck } from 'lucide-react'
import { useTranslation } from 'react-i18next'
import type { RebaseRequest, Volume } from '../../../electron/contract/data.ts'
import { api } from '../../state/api.ts'
import { closeDialog, dialogLabels } from '../../state/dialogs.ts'
import { useInspection } from '../../state/inspection.ts'
import { startJobs, theVolume } from '../../state/jobs.ts'
import { tell } from '../../state/notices.ts'
import { usePlanned } from '../../state/planned.ts'
import { sizeText } from '../../state/text.ts'
import { fileName } from '../../state/volumes.ts'
import { Figures } from '../../ui/figures.tsx'
import { FormDialog } from '../../ui/form-dialog.tsx'
import { Refusal } from './refusal.tsx'
import { SameCommand } from './same-command.tsx'

const plan = (request: RebaseRequest) => api.planRebase(request)

export function Flatten({ volume }: { readonly volume: Volume }) {
  const { t } = useTranslation()
  const { value: chain } = useInspection(volume)
  const request: RebaseRequest = { kind: 'rebase', ...theVolume(volume), nameOnly: false }
  const { plan: planned, error, fresh } = usePlanned(request, plan)
  const name = fileName(volume.name)
  const files = (chain ?? []).slice(1).map(({ path }) => path)
  const below = (files.length === 0 ? [volume.backing ?? ''] : files).map(fileName).join(', ')
  const bytes = planned?.bytes
  // Nothing to take in leaves the snapshots as they are.
  const snapshots = bytes === 0 ? [] : (planned?.snapshots ?? [])
  const short = (bytes ?? 0) - (planned?.free ?? Infinity)

  function reason(): string | undefined {
    if (error || snapshots.length > 0) return t('flatten.blocked')
    if (short > 0) return t('flatten.short', { size: sizeText(short) })
    return fresh ? undefined : t('chain.looking')
  }

  return (
    <FormDialog
      title={t('flatten.title', { name })}
      labels={dialogLabels()}
      submit={t('flatten.submit')}
      reason={reason()}
      promise={
        <>
          <ShieldCheck className="icon-14" aria-hidden="true" />
          {t('flatten.promise')}
        </>
      }
      onClose={closeDialog}
      onSubmit={() => {
        closeDialog()
        startJobs([request]).catch(tell)
      }}
    >
      <p>{t('flatten.text', { name, below })}</p>
      <Figures
        figures={[
          {
            label: t('convert.writes'),
            value: bytes === undefined ? '–' : t('convert.about', { size: sizeText(bytes) }),
          },
          { label: t('flatten.onDisk'), value: sizeText(volume.allocatedSize) },
          { label: t('flatten.free'), value: planned ? sizeText(planned.free) : '–' },
        ]}
      />
      <Refusal
        error={error}
        snapshots={{ sentence: t('flatten.snapshots', { count: snapshots.length }), names: snapshots }}
      />
      <SameCommand words={planned?.command ?? []} />
    </FormDialog>
  )
}
