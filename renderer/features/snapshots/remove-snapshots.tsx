// Deleting snapshots: which ones, and what stays as it is.

import { Camera } from 'lucide-react'
import { useState } from 'react'
import { useTranslation } from 'react-i18next'
import type { SnapshotFacts } from '../../../core/model/index.ts'
import type { Volume } from '../../../electron/contract/data.ts'
import { closeDialog, dialogLabels } from '../../state/dialogs.ts'
import { startJobs, theVolume } from '../../state/jobs.ts'
import { tell } from '../../state/notices.ts'
import { dateText, sizeText } from '../../state/text.ts'
import { fileName } from '../../state/volumes.ts'
import { Checkbox } from '../../ui/checkbox.tsx'
import { Block, FormDialog } from '../../ui/form-dialog.tsx'
import { Impacts } from '../../ui/impacts.tsx'

interface RemoveProps {
  readonly volume: Volume
  readonly snapshots: readonly SnapshotFacts[]
}

export function RemoveSnapshots({ volume, snapshots }: RemoveProps) {
  const { t } = useTranslation()
  const [keepUndo, setKeepUndo] = useState(false)
  const count = snapshots.length
  const [only] = snapshots
  // Each change replaces the undo file of the one before: of several, only the last could be taken back.
  const undoable = count === 1

  function start(): void {
    closeDialog()
    startJobs(
      snapshots.map(({ id }) => ({
        kind: 'snapshot',
        ...theVolume(volume),
        action: { kind: 'remove', id },
        ...(undoable && keepUndo && { keepUndo }),
      })),
    ).catch(tell)
  }

  return (
    <FormDialog
      title={
        count === 1 && only ? t('snapshots.removeTitleOne', { name: only.name }) : t('snapshots.removeTitle', { count })
      }
      alert
      danger
      labels={dialogLabels()}
      submit={t('snapshots.removeSubmit', { count })}
      onClose={closeDialog}
      onSubmit={start}
    >
      <p>{t('snapshots.removeText', { count, volume: fileName(volume.name) })}</p>
      <Impacts
        label={t('command.snapshots')}
        impacts={snapshots.map(({ name, createdAt, vmStateSize }) => ({
          icon: <Camera aria-hidden="true" />,
          text: name,
          detail: vmStateSize > 0 ? t('snapshots.withState', { size: sizeText(vmStateSize) }) : undefined,
          amount: dateText(createdAt),
        }))}
      />
      {undoable && (
        <Block>
          <Checkbox
            label={t('undo.keep')}
            help={t('undo.keepRoomHelp')}
            checked={keepUndo}
            onCheckedChange={setKeepUndo}
          />
        </Block>
      )}
    </FormDialog>
  )
}
