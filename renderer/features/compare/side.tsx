// One of the disks to compare, and at which point of its history.

import { useTranslation } from 'react-i18next'
import type { Volume } from '../../../electron/contract/data.ts'
import { formatShape } from '../../state/formats.ts'
import { useInspection } from '../../state/inspection.ts'
import { dateText, sizeText } from '../../state/text.ts'
import { fileName } from '../../state/volumes.ts'
import { Glyph } from '../../ui/glyph.tsx'
import { MiddleText } from '../../ui/middle-text.tsx'
import { Select } from '../../ui/select.tsx'
import styles from './compare.module.css'

interface SideProps {
  readonly label: string
  readonly volume: Volume
  /** Its id; undefined is the disk as it is now. */
  readonly snapshot: string | undefined
  readonly onSnapshot: (snapshot: string | undefined) => void
}

/** No snapshot has this id: they are numbers, or at least not empty. */
const NOW = ''

export function Side({ label, volume, snapshot, onSnapshot }: SideProps) {
  const { t } = useTranslation()
  const snapshots = useInspection(volume).value?.[0]?.details.snapshots ?? []
  const name = fileName(volume.name)
  return (
    <section className={styles.side} aria-label={`${label}: ${name}`}>
      <span className="secondary muted">{label}</span>
      <span className="row" title={volume.path}>
        <Glyph shape={formatShape(volume.format)} />
        <MiddleText text={name} className="medium" />
        <span className="grow" />
        <span className="muted nowrap">{volume.virtualSize === undefined ? '–' : sizeText(volume.virtualSize)}</span>
      </span>
      {snapshots.length > 0 && (
        <Select
          label={t('compare.point', { name })}
          items={[
            { value: NOW, label: t('compare.now') },
            ...snapshots
              .toReversed()
              .map((one) => ({ value: one.id, label: one.name || one.id, detail: dateText(one.createdAt) })),
          ]}
          value={snapshot ?? NOW}
          onValueChange={(chosen) => onSnapshot(chosen === NOW ? undefined : chosen)}
        />
      )}
    </section>
  )
}
