// Repairing a volume: what each way does, and the undo file that is kept.

import { ShieldCheck } from 'lucide-react'
import { useState } from 'react'
import { useTranslation } from 'react-i18next'
import type { CheckReport, RepairMode } from '../../../core/model/index.ts'
import type { Volume } from '../../../electron/contract/data.ts'
import { api } from '../../state/api.ts'
import { closeDialog, dialogLabels, useDialogs } from '../../state/dialogs.ts'
import { startJobs, theVolume } from '../../state/jobs.ts'
import { tell } from '../../state/notices.ts'
import { commandText } from '../../state/shell-words.ts'
import { sizeText } from '../../state/text.ts'
import { fileName } from '../../state/volumes.ts'
import { useSettings } from '../../state/settings.ts'
import { Checkbox } from '../../ui/checkbox.tsx'
import { CommandFold } from '../../ui/command-fold.tsx'
import { Block, FormDialog } from '../../ui/form-dialog.tsx'
import { Ways } from '../../ui/ways.tsx'
import { leakedBytes } from './words.ts'

export function Repair() {
  const dialog = useDialogs((state) => state.dialog)
  if (dialog.kind !== 'repair') return null
  return <RepairDialog volume={dialog.volume} report={dialog.report} proposed={dialog.mode} />
}

interface RepairDialogProps {
  readonly volume: Volume
  readonly report: CheckReport
  readonly proposed: RepairMode
}

function RepairDialog({ volume, report, proposed }: RepairDialogProps) {
  const { t } = useTranslation()
  const [mode, setMode] = useState<RepairMode>(proposed)
  const [keepUndo, setKeepUndo] = useState(useSettings((state) => state.settings.keepUndo))
  const { corruptions, leaks } = report.totals
  const room = sizeText(leakedBytes(report))
  const modes = [
    ...(leaks > 0 ? [{ value: 'leaks', title: t('check.freeLeaks', { size: room }) } as const] : []),
    ...(corruptions > 0
      ? [
          {
            value: 'all',
            title: leaks > 0 ? t('check.repairAll') : t('check.repairErrors', { count: corruptions }),
          } as const,
        ]
      : []),
  ]
  const command = commandText([
    'spindle',
    'check',
    ...(volume.format === undefined ? [] : ['-f', volume.format]),
    '-r',
    mode,
    ...(keepUndo ? ['--keep-undo'] : []),
    volume.path,
  ])

  function start(): void {
    closeDialog()
    startJobs([{ kind: 'repair', ...theVolume(volume), mode, keepUndo }]).catch(tell)
  }

  return (
    <FormDialog
      title={t('check.repairTitle', { name: fileName(volume.name) })}
      labels={dialogLabels()}
      submit={modes.find(({ value }) => value === mode)?.title ?? t('check.repairAll')}
      promise={
        <>
          <ShieldCheck className="icon-14" aria-hidden="true" />
          {t('check.repairPromise')}
        </>
      }
      onClose={closeDialog}
      onSubmit={start}
    >
      <Ways
        label={t('check.ways')}
        ways={modes.map((one) => ({ ...one, detail: t(`check.way.${one.value}`) }))}
        value={mode}
        onValueChange={setMode}
      />
      <Block>
        <Checkbox label={t('undo.keep')} help={t('check.keepHelp')} checked={keepUndo} onCheckedChange={setKeepUndo} />
      </Block>
      <Block>
        <CommandFold
          title={t('convert.command')}
          text={command}
          copyLabel={t('inspector.copyCommand')}
          doneLabel={t('error.copied')}
          onCopy={() => {
            api.copyText(command).catch(tell)
          }}
        />
      </Block>
    </FormDialog>
  )
}
