// The filter field of the toolbar.

import { Search, X } from 'lucide-react'
import { useEffect, useRef } from 'react'
import { useTranslation } from 'react-i18next'
import { useCommand } from '../../commands/use-command.ts'
import { requestFocus, takeFocus } from '../../state/focus.ts'
import { setFilter, useView } from '../../state/view.ts'
import { TextField } from '../../ui/text-field.tsx'
import styles from './search-field.module.css'

export function SearchField() {
  const { t } = useTranslation()
  const { shortcut } = useCommand('view.filter')
  const filter = useView((state) => state.filter)
  const input = useRef<HTMLInputElement>(null)
  useEffect(
    () =>
      takeFocus('filter', () => {
        input.current?.focus()
        input.current?.select()
      }),
    [],
  )

  return (
    <TextField
      ref={input}
      quiet
      className={styles.search}
      aria-label={t('library.filter')}
      title={t('library.filterHelp')}
      placeholder={t('library.filter')}
      value={filter}
      onValueChange={setFilter}
      onKeyDown={(event) => {
        if (event.nativeEvent.isComposing) return
        if (event.key === 'Escape') setFilter('')
        if (event.key === 'ArrowDown' || event.key === 'Enter') {
          event.preventDefault()
          requestFocus('table')
        }
      }}
      before={<Search aria-hidden="true" />}
      after={
        filter === '' ? (
          <kbd className={styles.key}>{shortcut}</kbd>
        ) : (
          <button
            type="button"
            className={styles.clear}
            aria-label={t('library.clearFilter')}
            onClick={() => setFilter('')}
          >
            <X className="icon-14" />
          </button>
        )
      }
    />
  )
}
