// A smaller file for the same disk: what is gained, and where the old one goes.

import { ShieldCheck } from 'lucide-react'
import { useTranslation } from 'react-i18next'
import type { CompactRequest, Volume } from '../../../electron/contract/data.ts'
import { api } from '../../state/api.ts'
import { closeDialog, dialogLabels } from '../../state/dialogs.ts'
import { startJobs, theVolume } from '../../state/jobs.ts'
import { tell } from '../../state/notices.ts'
import { usePlanned } from '../../state/planned.ts'
import { sizeText } from '../../state/text.ts'
import { fileName } from '../../state/volumes.ts'
import { Figures } from '../../ui/figures.tsx'
import { FormDialog } from '../../ui/form-dialog.tsx'
import { Refusal } from './refusal.tsx'
import { SameCommand } from './same-command.tsx'

const plan = (request: CompactRequest) => api.planCompact(request)

export function Compact({ volume }: { readonly volume: Volume }) {
  const { t } = useTranslation()
  const request: CompactRequest = { kind: 'compact', ...theVolume(volume) }
  const { plan: planned, error, fresh } = usePlanned(request, plan)
  const name = fileName(volume.name)
  const short = planned ? planned.atMost - planned.free : 0

  function reason(): string | undefined {
    if (error) return t('compact.blocked')
    if (short > 0) return t('flatten.short', { size: sizeText(short) })
    return fresh ? undefined : t('chain.looking')
  }

  return (
    <FormDialog
      title={t('compact.title', { name })}
      labels={dialogLabels()}
      submit={t('compact.submit')}
      reason={reason()}
      promise={
        <>
          <ShieldCheck className="icon-14" aria-hidden="true" />
          {t('compact.promise')}
        </>
      }
      onClose={closeDialog}
      onSubmit={() => {
        closeDialog()
        startJobs([request]).catch(tell)
      }}
    >
      <p>{t('compact.text', { name })}</p>
      <Figures
        figures={[
          { label: t('compact.now'), value: planned ? sizeText(planned.now) : '–' },
          { label: t('compact.after'), value: planned ? sizeText(planned.atMost) : '–' },
          { label: t('flatten.free'), value: planned ? sizeText(planned.free) : '–' },
        ]}
      />
      <Refusal error={error} />
      <SameCommand words={planned?.command ?? []} />
    </FormDialog>
  )
}
