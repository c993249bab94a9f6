// What can be taken back in the selected volume, or has to be.

import { useState } from 'react'
import { useTranslation } from 'react-i18next'
import type { Volume } from '../../../electron/contract/data.ts'
import type { VolumeId } from '../../../electron/contract/ids.ts'
import { dateText, sizeText } from '../../state/text.ts'
import { keepLastChange, undoLastChange, useAskingForOffer, useUndo } from '../../state/undo.ts'
import { useView } from '../../state/view.ts'
import { useVolumes } from '../../state/volumes.ts'
import { Button } from '../../ui/button.tsx'
import { Note } from '../../ui/note.tsx'
import styles from './volume.module.css'

/** Asks for the offer that everything else is drawn from; stands once in the window. */
export function AskForUndo() {
  const id = useSelected()
  const volume = useVolumes((state) => (id === undefined ? undefined : state.byId.get(id)))
  return volume && <AskFor key={volume.id} volume={volume} />
}

function AskFor({ volume }: { readonly volume: Volume }) {
  useAskingForOffer(volume)
  return null
}

function useSelected(): VolumeId | undefined {
  return useView((state) => (state.selected.size === 1 ? [...state.selected][0] : undefined))
}

export function UndoNotice() {
  const { t } = useTranslation()
  const [busy, setBusy] = useState(false)
  const id = useSelected()
  const offer = useUndo((state) => (id === undefined ? undefined : state.offers.get(id)))
  if (id === undefined || !offer || offer.kind === 'outdated') return null
  const cutOff = offer.kind === 'cut-off'
  const told = { date: dateText(offer.changedAt), size: sizeText(offer.size) }

  async function settle(how: (id: VolumeId) => Promise<void>, volume: VolumeId): Promise<void> {
    if (busy) return
    setBusy(true)
    await how(volume)
    setBusy(false)
  }

  return (
    <div className={styles.offer}>
      <Note kind={cutOff ? 'danger' : 'info'} role={cutOff ? 'alert' : 'status'}>
        <div className={styles.undo}>
          <span className={styles.sentence}>
            <span className="medium">{cutOff ? t('undo.cutOff') : t('undo.offered', told)}</span>{' '}
            {cutOff ? t('undo.cutOffDetail') : t('undo.offeredDetail', told)}
          </span>
          <Button
            size="small"
            variant={cutOff ? 'primary' : 'plain'}
            aria-disabled={busy ? true : undefined}
            onClick={() => void settle(undoLastChange, id)}
          >
            {cutOff ? t('undo.putBack') : t('command.undo')}
          </Button>
          {!cutOff && (
            <Button
              size="small"
              variant="ghost"
              title={t('undo.keepItHelp')}
              aria-disabled={busy ? true : undefined}
              onClick={() => void settle(keepLastChange, id)}
            >
              {t('undo.keepIt')}
            </Button>
          )}
        </div>
      </Note>
    </div>
  )
}
