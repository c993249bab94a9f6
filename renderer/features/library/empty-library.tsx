// What stands where the table would be: an icon, one line, and the way on.

import { HardDrive, Search, ShieldCheck } from 'lucide-react'
import { useTranslation } from 'react-i18next'
import { useCommand } from '../../commands/use-command.ts'
import type { Scope } from '../../state/view.ts'
import { setFilter, showScope } from '../../state/view.ts'
import { Button } from '../../ui/button.tsx'
import styles from './library.module.css'

export function EmptyLibrary() {
  const { t } = useTranslation()
  const { icon: AddIcon, ...addLocation } = useCommand('library.add-location')
  const { icon: NewIcon, ...newVolume } = useCommand('volume.create')
  return (
    <div className={styles.empty}>
      <HardDrive className="icon-32" aria-hidden="true" />
      <p>{t('library.empty')}</p>
      <div className={styles.buttons}>
        <Button variant="primary" icon={AddIcon && <AddIcon />} onClick={addLocation.run}>
          {t('library.addLocation')}
        </Button>
        <Button icon={NewIcon && <NewIcon />} onClick={newVolume.run}>
          {newVolume.title}
        </Button>
      </div>
      <p className={styles.hint}>{t('library.emptyHint')}</p>
    </div>
  )
}

export function NoMatch({ filter }: { readonly filter: string }) {
  const { t } = useTranslation()
  return (
    <div className={styles.empty}>
      <Search className="icon-32" aria-hidden="true" />
      <p>{t('library.noMatch', { filter: filter.trim() })}</p>
      <Button onClick={() => setFilter('')}>{t('library.clear')}</Button>
    </div>
  )
}

export function NothingHere({ scope }: { readonly scope: Scope }) {
  const { t } = useTranslation()
  return (
    <div className={styles.empty}>
      {scope.kind === 'attention' ? (
        <ShieldCheck className="icon-32" aria-hidden="true" />
      ) : (
        <HardDrive className="icon-32" aria-hidden="true" />
      )}
      <p>{scope.kind === 'attention' ? t('library.noAttention') : t('library.emptyPlace')}</p>
      <Button onClick={() => showScope({ kind: 'all' })}>{t('library.showAll')}</Button>
    </div>
  )
}

export function Scanning() {
  const { t } = useTranslation()
  return (
    <div className={styles.empty} role="status">
      <HardDrive className="icon-32" aria-hidden="true" />
      <p>{t('library.scanning')}</p>
    </div>
  )
}
