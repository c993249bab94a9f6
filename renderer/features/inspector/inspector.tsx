// The inspector: everything known of the selected volume, and what can be done with it.

import { useMemo } from 'react'
import type { ReactNode } from 'react'
import { useTranslation } from 'react-i18next'
import { sizeText } from '../../state/text.ts'
import { useView } from '../../state/view.ts'
import { useVolumes } from '../../state/volumes.ts'
import { Actions } from './actions.tsx'
import styles from './inspector.module.css'
import { VolumeFacts } from './volume-facts.tsx'

interface InspectorProps {
  /** What can be taken back in the selected volume. */
  readonly notice: ReactNode
}

export function Inspector({ notice }: InspectorProps) {
  const { t } = useTranslation()
  const byId = useVolumes((state) => state.byId)
  const selected = useView((state) => state.selected)
  const volumes = useMemo(() => [...selected].flatMap((id) => byId.get(id) ?? []), [byId, selected])
  const [volume] = volumes

  if (!volume) {
    return (
      <div className={styles.nothing} data-empty="">
        <p className="muted">{t('inspector.nothing')}</p>
      </div>
    )
  }
  return (
    <>
      {volumes.length === 1 ? (
        // Another volume starts from the top, with nothing of the one before.
        <VolumeFacts key={volume.id} volume={volume} notice={notice} />
      ) : (
        <div className={styles.body}>
          <h2 className={styles.many}>{t('inspector.many', { count: volumes.length })}</h2>
          <p className="muted">
            {t('inspector.manySizes', {
              disk: sizeText(volumes.reduce((sum, one) => sum + one.allocatedSize, 0)),
              virtual: sizeText(volumes.reduce((sum, one) => sum + (one.virtualSize ?? 0), 0)),
            })}
          </p>
        </div>
      )}
      <Actions />
    </>
  )
}
