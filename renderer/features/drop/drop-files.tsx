// Files given to the window, by drag, paste or dialog: add them to the library, or convert them?

import { Dialog } from '@base-ui/react/dialog'
import { useEffect, useState } from 'react'
import { useTranslation } from 'react-i18next'
import type { Granted } from '../../../electron/contract/data.ts'
import { grantFiles } from '../../state/api.ts'
import { closeDialog, openDialog, useDialogs } from '../../state/dialogs.ts'
import { tell } from '../../state/notices.ts'
import styles from './drop.module.css'
import { fileCount, isFileDrag, zoneOf } from './drag.ts'
import type { ZoneName } from './drag.ts'
import { addToLibrary, convertFiles } from './given-files.ts'
import { Zone } from './zone.tsx'

interface Drag {
  readonly count: number
  readonly zone: ZoneName
}

export function DropFiles() {
  const dialog = useDialogs((state) => state.dialog)
  const busy = dialog.kind !== 'none'
  const drag = useDrag(busy)
  usePaste(busy)
  if (dialog.kind === 'files') return <Choice files={dialog.files} />
  return drag && <Veil drag={drag} />
}

/** A file dropped beside the zones must never replace the page, also while a dialog is open. */
function useDrag(busy: boolean): Drag | undefined {
  const [drag, setDrag] = useState<Drag>()

  useEffect(() => {
    function over(event: DragEvent): void {
      if (!event.dataTransfer || !isFileDrag(event.dataTransfer)) return
      event.preventDefault()
      event.dataTransfer.dropEffect = busy ? 'none' : 'copy'
      if (busy) return
      const count = fileCount(event.dataTransfer)
      const zone = zoneOf(event)
      setDrag((before) => (before?.count === count && before.zone === zone ? before : { count, zone }))
    }
    function leave(event: DragEvent): void {
      // Only out of the window: between two elements the one entered is named.
      if (!event.relatedTarget) setDrag(undefined)
    }
    function drop(event: DragEvent): void {
      if (!event.dataTransfer || !isFileDrag(event.dataTransfer)) return
      event.preventDefault()
      setDrag(undefined)
      if (busy) return
      const use = zoneOf(event) === 'convert' ? convertFiles : addToLibrary
      grantFiles([...event.dataTransfer.files])
        .then(use)
        .catch(tell)
    }
    window.addEventListener('dragenter', over)
    window.addEventListener('dragover', over)
    window.addEventListener('dragleave', leave)
    window.addEventListener('drop', drop)
    return () => {
      window.removeEventListener('dragenter', over)
      window.removeEventListener('dragover', over)
      window.removeEventListener('dragleave', leave)
      window.removeEventListener('drop', drop)
    }
  }, [busy])

  return drag
}

function usePaste(busy: boolean): void {
  useEffect(() => {
    function paste(event: ClipboardEvent): void {
      const files = [...(event.clipboardData?.files ?? [])]
      if (busy || files.length === 0) return
      event.preventDefault()
      grantFiles(files).then((granted) => openDialog({ kind: 'files', files: granted }), tell)
    }
    window.addEventListener('paste', paste)
    return () => window.removeEventListener('paste', paste)
  }, [busy])
}

function Veil({ drag }: { readonly drag: Drag }) {
  const { t } = useTranslation()
  return (
    <div className={styles.veil}>
      <Zone name="add" on={drag.zone === 'add'} />
      <Zone name="convert" on={drag.zone === 'convert'} />
      <p className={styles.hint} role="status">
        {t('drop.count', { count: drag.count })}
        <span>{t('drop.release')}</span>
        <span className={styles.cancel}>
          <kbd className={styles.key}>Esc</kbd> {t('drop.toCancel')}
        </span>
      </p>
    </div>
  )
}

/** The same two zones as buttons, for files that are here already. */
function Choice({ files }: { readonly files: readonly Granted[] }) {
  const { t } = useTranslation()
  return (
    <Dialog.Root
      open
      onOpenChange={(open) => {
        if (!open) closeDialog()
      }}
    >
      <Dialog.Portal>
        <Dialog.Popup className={styles.veil} aria-label={t('drop.choice', { count: files.length })}>
          <Zone
            name="add"
            onChoose={() => {
              closeDialog()
              addToLibrary(files).catch(tell)
            }}
          />
          <Zone name="convert" onChoose={() => convertFiles(files)} />
          <p className={styles.hint}>
            {t('drop.count', { count: files.length })}
            <span className={styles.cancel}>
              <Dialog.Close className={styles.key}>Esc</Dialog.Close> {t('drop.toCancel')}
            </span>
          </p>
        </Dialog.Popup>
      </Dialog.Portal>
    </Dialog.Root>
  )
}
