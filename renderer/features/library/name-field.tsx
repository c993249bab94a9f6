// A volume's name while it is being changed, in its row: Enter takes it, Escape leaves it.

import { useLayoutEffect, useRef, useState } from 'react'
import { useTranslation } from 'react-i18next'
import type { Volume } from '../../../electron/contract/data.ts'
import { requestFocusSoon } from '../../state/focus.ts'
import { tell } from '../../state/notices.ts'
import { stopRenaming } from '../../state/renaming.ts'
import { renameVolume } from '../../state/trash.ts'
import { fileName } from '../../state/volumes.ts'
import { TextField } from '../../ui/text-field.tsx'
import styles from './volume-name.module.css'

export function NameField({ volume }: { readonly volume: Volume }) {
  const { t } = useTranslation()
  const before = fileName(volume.name)
  const [name, setName] = useState(before)
  const field = useRef<HTMLInputElement>(null)
  // Whoever asked for another name types it next.
  useLayoutEffect(() => field.current?.focus(), [])
  const bad = name.trim() === '' || /[/\\]/.test(name)
  return (
    <TextField
      aria-label={t('library.newName', { name: before })}
      className={styles.field}
      value={name}
      invalid={bad}
      ref={field}
      onValueChange={setName}
      onFocus={(event) => event.target.setSelectionRange(0, Math.max(0, before.lastIndexOf('.')))}
      onBlur={stopRenaming}
      // The row's own keys and clicks are not meant here.
      onMouseDown={(event) => event.stopPropagation()}
      onDoubleClick={(event) => event.stopPropagation()}
      onKeyDown={(event) => {
        event.stopPropagation()
        if (event.nativeEvent.isComposing || (event.key !== 'Enter' && event.key !== 'Escape')) return
        event.preventDefault()
        if (event.key === 'Enter' && bad) return
        stopRenaming()
        requestFocusSoon('table')
        if (event.key === 'Enter' && name !== before) renameVolume(volume, name).catch(tell)
      }}
    />
  )
}
