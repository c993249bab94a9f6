// Who can open an encrypted volume: its lock, its key slots, and what can be done with them.

import { KeyRound, Lock, LockOpen, Plus, Save } from 'lucide-react'
import { useState } from 'react'
import { useTranslation } from 'react-i18next'
import type { Volume } from '../../../electron/contract/data.ts'
import { api } from '../../state/api.ts'
import { openDialog } from '../../state/dialogs.ts'
import { chooseFolder } from '../../state/folders.ts'
import { useInspection } from '../../state/inspection.ts'
import { lockNow, useLockedFile, whenUnlocked } from '../../state/locks.ts'
import { tell } from '../../state/notices.ts'
import { countText, sizeText } from '../../state/text.ts'
import { fileName } from '../../state/volumes.ts'
import { Badge } from '../../ui/badge.tsx'
import { Button } from '../../ui/button.tsx'
import { Note } from '../../ui/note.tsx'
import styles from './encryption.module.css'
import { sealingOf } from './sealing.ts'
import type { Slot } from './sealing.ts'

export function KeysTab({ volume }: { readonly volume: Volume }) {
  const { t } = useTranslation()
  const { value: chain, error } = useInspection(volume)
  const [image] = chain ?? []
  const sealing = image && sealingOf(image)
  if (error) return <Note kind="danger">{error.message}</Note>
  if (!sealing) return <p className={styles.waiting}>{image ? t('lock.notEncrypted') : t('lock.looking')}</p>
  const active = sealing.slots.filter((slot) => slot.active).length
  return (
    <>
      <LockState volume={volume} cipher={sealing.cipher} kind={t(`lock.kind.${sealing.kind}`)} />
      <div className={styles.body}>
        {sealing.kind === 'luks1' ? (
          <Tools volume={volume} full={active === sealing.slots.length} />
        ) : (
          <Note kind={sealing.kind === 'aes' ? 'warn' : 'info'}>{t(`lock.fixed.${sealing.kind}`)}</Note>
        )}
        {sealing.slots.length > 0 && (
          <table className={styles.slots}>
            <thead>
              <tr>
                <th scope="col">{t('lock.slot')}</th>
                <th scope="col">{t('lock.slotState')}</th>
                <th scope="col" className="number">
                  {t('lock.slotWork')}
                </th>
                {sealing.kind === 'luks1' && (
                  <th>
                    <span className="visually-hidden">{t('lock.slotActions')}</span>
                  </th>
                )}
              </tr>
            </thead>
            <tbody>
              {sealing.slots.map((slot) => (
                <SlotRow
                  key={slot.number}
                  volume={volume}
                  slot={slot}
                  last={active === 1}
                  removable={sealing.kind === 'luks1'}
                />
              ))}
            </tbody>
          </table>
        )}
      </div>
    </>
  )
}

interface LockStateProps {
  readonly volume: Volume
  readonly kind: string
  readonly cipher: string
}

function LockState({ volume, kind, cipher }: LockStateProps) {
  const { t } = useTranslation()
  const locked = useLockedFile(volume)
  const Icon = locked === null ? LockOpen : Lock
  return (
    <div className={styles.summary}>
      <Icon className="icon-20 muted" aria-hidden="true" />
      <div className="column grow">
        <span className="strong" role="status">
          {locked === undefined ? '–' : locked === null ? t('lock.isOpen') : t('lock.isLocked')}
        </span>
        <span className="secondary muted">
          {kind}, {cipher}
        </span>
      </div>
      {locked === null && (
        <Button icon={<Lock aria-hidden="true" />} onClick={() => void lockNow(volume.id).catch(tell)}>
          {t('lock.lockNow')}
        </Button>
      )}
      {typeof locked === 'string' && (
        <Button icon={<LockOpen aria-hidden="true" />} onClick={() => whenUnlocked([volume], () => {})}>
          {t('lock.unlockIt')}
        </Button>
      )}
    </div>
  )
}

function Tools({ volume, full }: { readonly volume: Volume; readonly full: boolean }) {
  const { t } = useTranslation()
  const [saved, setSaved] = useState('')

  async function backUp(): Promise<void> {
    const folder = await chooseFolder()
    if (!folder) return
    const name = `${fileName(volume.name)}.luks-header`
    await api.backupHeader(volume.id, folder.id, name)
    setSaved(t('lock.backedUp', { name, folder: folder.label }))
  }

  return (
    <div className={styles.tools}>
      <Button
        icon={<Plus aria-hidden="true" />}
        aria-disabled={full ? true : undefined}
        title={full ? t('lock.allUsed') : undefined}
        onClick={() => {
          if (!full) openDialog({ kind: 'change-key', volume, change: 'add' })
        }}
      >
        {t('lock.addOpen')}
      </Button>
      <Button
        icon={<KeyRound aria-hidden="true" />}
        aria-disabled={full ? true : undefined}
        title={full ? t('lock.allUsed') : undefined}
        onClick={() => {
          if (!full) openDialog({ kind: 'change-key', volume, change: 'replace' })
        }}
      >
        {t('lock.replaceOpen')}
      </Button>
      <Button icon={<Save aria-hidden="true" />} title={t('lock.backUpHelp')} onClick={() => void backUp().catch(tell)}>
        {t('lock.backUp')}
      </Button>
      <span className={styles.saved} role="status">
        {saved}
      </span>
    </div>
  )
}

interface SlotRowProps {
  readonly volume: Volume
  readonly slot: Slot
  readonly last: boolean
  readonly removable: boolean
}

function SlotRow({ volume, slot, last, removable }: SlotRowProps) {
  const { t } = useTranslation()
  const { number, active, rounds, memory } = slot
  return (
    <tr>
      <th scope="row">{t('lock.slotNumber', { number })}</th>
      <td>
        {active ? <Badge tone="accent">{t('lock.used')}</Badge> : <span className="muted">{t('lock.free')}</span>}
      </td>
      <td className="number">
        {memory !== undefined
          ? sizeText(memory * 1024)
          : rounds === undefined
            ? '–'
            : t('lock.rounds', { rounds: countText(rounds) })}
      </td>
      {removable && (
        <td className={styles.action}>
          {active && (
            <Button
              size="small"
              variant="ghost"
              aria-label={t('lock.removeNamed', { number })}
              onClick={() => openDialog({ kind: 'remove-key', volume, slot: number, last })}
            >
              {t('lock.removeOpen')}
            </Button>
          )}
        </td>
      )}
    </tr>
  )
}
