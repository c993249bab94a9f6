// Going back to a snapshot: what is lost by it, and how it is kept.

import { Camera, Layers, Scaling, Undo2 } from 'lucide-react'
import { useState } from 'react'
import { useTranslation } from 'react-i18next'
import type { SnapshotFacts } from '../../../core/model/index.ts'
import type { JobRequest, Volume } from '../../../electron/contract/data.ts'
import { overlaysOf } from '../../state/chain.ts'
import { closeDialog, dialogLabels } from '../../state/dialogs.ts'
import { useInspection } from '../../state/inspection.ts'
import { startJobs, theVolume } from '../../state/jobs.ts'
import { tell } from '../../state/notices.ts'
import { fullDateText, sizeText } from '../../state/text.ts'
import { fileName, useVolumes } from '../../state/volumes.ts'
import { Checkbox } from '../../ui/checkbox.tsx'
import { Block, FormDialog } from '../../ui/form-dialog.tsx'
import { Impacts } from '../../ui/impacts.tsx'
import type { Impact } from '../../ui/impacts.tsx'
import { Note } from '../../ui/note.tsx'
import { freeSnapshotName } from './names.ts'

interface ApplyProps {
  readonly volume: Volume
  readonly snapshot: SnapshotFacts
}

export function ApplySnapshot({ volume, snapshot }: ApplyProps) {
  const { t } = useTranslation()
  const [keepNow, setKeepNow] = useState(true)
  const { value: chain } = useInspection(volume)
  const byId = useVolumes((state) => state.byId)
  const overlays = overlaysOf(volume, byId.values())
  const { name, createdAt, virtualSize, vmStateSize } = snapshot
  const impacts: readonly Impact[] = [
    ...(virtualSize !== undefined && volume.virtualSize !== undefined && virtualSize !== volume.virtualSize
      ? [
          {
            icon: <Scaling aria-hidden="true" />,
            text: t('snapshots.applySize', { size: sizeText(virtualSize) }),
            amount: t('snapshots.applySizeNow', { size: sizeText(volume.virtualSize) }),
          },
        ]
      : []),
    ...(vmStateSize > 0
      ? [
          {
            icon: <Camera aria-hidden="true" />,
            text: t('snapshots.applyState'),
            amount: sizeText(vmStateSize),
          },
        ]
      : []),
  ]

  function start(): void {
    const target = theVolume(volume)
    const kept = freeSnapshotName(t('snapshots.keptName', { name }), chain?.[0]?.details.snapshots ?? [])
    const requests: readonly JobRequest[] = [
      ...(keepNow ? [{ kind: 'snapshot', ...target, action: { kind: 'create', name: kept } } as const] : []),
      { kind: 'snapshot', ...target, action: { kind: 'apply', id: snapshot.id }, keepUndo: true },
    ]
    closeDialog()
    startJobs(requests).catch(tell)
  }

  return (
    <FormDialog
      title={t('snapshots.applyTitle', { name })}
      alert
      danger={!keepNow}
      labels={dialogLabels()}
      submit={keepNow ? t('snapshots.applySubmit') : t('snapshots.applyLosing')}
      promise={
        <>
          <Undo2 className="icon-14" aria-hidden="true" />
          {t('snapshots.applyPromise')}
        </>
      }
      onClose={closeDialog}
      onSubmit={start}
    >
      <p>{t('snapshots.applyText', { volume: fileName(volume.name), date: fullDateText(createdAt) })}</p>
      {impacts.length > 0 && <Impacts label={t('snapshots.effects')} impacts={impacts} />}
      <Block>
        <Checkbox
          label={t('snapshots.keepNow')}
          help={keepNow ? t('snapshots.keepNowHelp') : t('snapshots.loseNowHelp')}
          checked={keepNow}
          onCheckedChange={setKeepNow}
        />
      </Block>
      {overlays.length > 0 && (
        <Block>
          <Note kind="danger" role="alert">
            {t('chain.readThrough', { count: overlays.length })}
          </Note>
          <Impacts
            label={t('chain.overlays')}
            impacts={overlays.map((one) => ({ icon: <Layers aria-hidden="true" />, text: one.name }))}
          />
        </Block>
      )}
    </FormDialog>
  )
}
