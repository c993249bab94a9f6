// The places of the library, each with the room left on its disk and what its volumes could come to need.

import { File, Folder, FolderX, Plus, Trash2 } from 'lucide-react'
import { useMemo } from 'react'
import { useTranslation } from 'react-i18next'
import type { Place } from '../../../electron/contract/data.ts'
import { useCommand } from '../../commands/use-command.ts'
import { api } from '../../state/api.ts'
import { tell } from '../../state/notices.ts'
import { claimsByPlace, usePlaces } from '../../state/places.ts'
import type { Claim } from '../../state/places.ts'
import { sizeText } from '../../state/text.ts'
import { showScope, useView } from '../../state/view.ts'
import { useVolumes } from '../../state/volumes.ts'
import { CapacityBar } from '../../ui/bar.tsx'
import { IconButton } from '../../ui/button.tsx'
import { classNames } from '../../ui/class-names.ts'
import { ContextMenu, MenuItem } from '../../ui/menu.tsx'
import { MiddleText } from '../../ui/middle-text.tsx'
import { NavHeading } from '../../ui/nav.tsx'
import styles from './places.module.css'

const NO_CLAIM: Claim = { onDisk: 0, growth: 0 }

export function Places() {
  const { t } = useTranslation()
  const places = usePlaces((state) => state.places)
  const byId = useVolumes((state) => state.byId)
  const claims = useMemo(() => claimsByPlace(byId.values()), [byId])
  const { title, shortcut, run } = useCommand('library.add-location')
  return (
    <>
      <NavHeading
        title={t('places.title')}
        action={<IconButton size="small" label={title} shortcut={shortcut} icon={<Plus />} onClick={run} />}
      />
      {places.length === 0 && <p className={styles.none}>{t('places.none')}</p>}
      <ul>
        {places.map((place) => (
          <PlaceItem key={place.id} place={place} claim={claims.get(place.id) ?? NO_CLAIM} />
        ))}
      </ul>
    </>
  )
}

function PlaceItem({ place, claim }: { readonly place: Place; readonly claim: Claim }) {
  const { t } = useTranslation()
  const current = useView((state) => state.scope.kind === 'place' && state.scope.place === place.id)
  const Icon = place.state === 'missing' ? FolderX : place.kind === 'file' ? File : Folder
  function remove(): void {
    if (current) showScope({ kind: 'all' })
    api.removePlace(place.id).catch(tell)
  }
  return (
    <li>
      <ContextMenu
        trigger={
          <div className={classNames(styles.place, current && styles.current)}>
            <button
              type="button"
              className={styles.show}
              aria-current={current ? 'page' : undefined}
              title={place.path}
              onClick={() => showScope({ kind: 'place', place: place.id })}
            >
              <span className={styles.top}>
                <Icon aria-hidden="true" />
                <MiddleText text={place.label} />
                {place.space && (
                  <span className={styles.free}>{t('places.free', { size: sizeText(place.space.free) })}</span>
                )}
              </span>
              <Room place={place} claim={claim} />
            </button>
            <IconButton
              size="small"
              className={styles.remove}
              label={t('places.remove', { place: place.label })}
              icon={<Trash2 className="icon-14" />}
              onClick={remove}
            />
          </div>
        }
      >
        <MenuItem icon={<Trash2 />} title={t('places.removeShort')} onSelect={remove} />
      </ContextMenu>
    </li>
  )
}

function Room({ place, claim }: { readonly place: Place; readonly claim: Claim }) {
  const { t } = useTranslation()
  if (place.state === 'missing') return <span className={classNames(styles.below, 'warn')}>{t('places.missing')}</span>
  const { space } = place
  const scanning = place.state === 'scanning'
  if (!space) return <span className={styles.below}>{scanning ? t('places.scanning') : ''}</span>
  const others = Math.max(0, space.total - space.free - claim.onDisk)
  const short = claim.growth - space.free
  return (
    <>
      <span className={styles.bar}>
        <CapacityBar
          parts={[
            { kind: 'other', part: others / space.total },
            { kind: 'own', part: claim.onDisk / space.total },
            { kind: 'promised', part: Math.min(claim.growth, space.free) / space.total },
          ]}
          limit={short > 0 ? 1 : undefined}
        />
      </span>
      <span className={classNames(styles.below, short > 0 && !scanning && 'warn')}>
        {scanning
          ? t('places.scanning')
          : short > 0
            ? t('places.outgrow', { size: sizeText(short) })
            : claim.growth > 0
              ? t('places.grow', { size: sizeText(claim.growth) })
              : place.volumeCount === 0
                ? t('places.empty')
                : t('places.full')}
      </span>
    </>
  )
}
