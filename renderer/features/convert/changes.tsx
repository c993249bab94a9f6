// What changes: losses first, then merges, then what is kept.

import { Archive, Bookmark, Camera, Check, Files, Layers, LockOpen, PackageOpen, Ruler } from 'lucide-react'
import type { LucideIcon } from 'lucide-react'
import { useTranslation } from 'react-i18next'
import type { TFunction } from 'i18next'
import type { ConvertChange, SnapshotFacts } from '../../../core/model/index.ts'
import { assertNever } from '../../../core/model/index.ts'
import { sizeText } from '../../state/text.ts'
import { fileName } from '../../state/volumes.ts'
import styles from './convert.module.css'

interface Line {
  readonly icon: LucideIcon
  readonly tone: 'warn' | 'muted' | 'ok'
  readonly title: string
  readonly detail: string
}

interface ChangesProps {
  readonly changes: readonly ConvertChange[] | undefined
  /** The disk as it was then is converted, and not as it is now. */
  readonly snapshot: SnapshotFacts | undefined
}

export function Changes({ changes, snapshot }: ChangesProps) {
  const { t } = useTranslation()
  return (
    <section aria-label={t('convert.changes')}>
      <h3 className={styles.section}>{t('convert.changes')}</h3>
      <ul className={styles.changes} aria-busy={changes === undefined}>
        {changes === undefined && <li className={styles.change}>–</li>}
        {changes?.map((change) => {
          const { icon: Icon, tone, title, detail } = lineOf(change, snapshot, t)
          return (
            <li key={change.kind} className={styles.change}>
              <Icon className={tone} aria-hidden="true" />
              <div className="column grow">
                <span>{title}</span>
                <span className="secondary muted">{detail}</span>
              </div>
            </li>
          )
        })}
      </ul>
    </section>
  )
}

function lineOf(change: ConvertChange, snapshot: SnapshotFacts | undefined, t: TFunction): Line {
  switch (change.kind) {
    case 'snapshots-dropped': {
      const { count } = change
      const title = t('convert.change.snapshots', { count })
      const detail = snapshot
        ? t('convert.change.snapshotsThen', { name: snapshot.name })
        : t('convert.change.snapshotsDetail')
      return { icon: Camera, tone: 'warn', title, detail }
    }
    case 'snapshots-kept': {
      const title = t('convert.change.snapshotsKept', { count: change.count })
      return { icon: Camera, tone: 'ok', title, detail: t('convert.change.snapshotsKeptDetail') }
    }
    case 'bitmaps-dropped': {
      const { count } = change
      const title = t('convert.change.bitmaps', { count })
      return { icon: Bookmark, tone: 'warn', title, detail: t('convert.change.bitmapsDetail') }
    }
    case 'bitmaps-kept': {
      const title = t('convert.change.bitmapsKept', { count: change.count })
      return { icon: Bookmark, tone: 'ok', title, detail: t('convert.change.bitmapsKeptDetail') }
    }
    case 'backing-merged': {
      const names = change.names.map(fileName).join(', ')
      const title = t('convert.change.backing', { count: change.names.length })
      const detail = t('convert.change.backingDetail', { names, size: sizeText(change.bytes) })
      return { icon: Layers, tone: 'muted', title, detail }
    }
    case 'data-file-merged': {
      const detail = t('convert.change.dataFileDetail', { name: fileName(change.name) })
      return { icon: Files, tone: 'muted', title: t('convert.change.dataFile'), detail }
    }
    case 'compression-removed': {
      const title = t('convert.change.unpacked')
      return { icon: PackageOpen, tone: 'muted', title, detail: t('convert.change.unpackedDetail') }
    }
    case 'encryption-removed': {
      const title = t('convert.change.decrypted')
      return { icon: LockOpen, tone: 'warn', title, detail: t('convert.change.decryptedDetail') }
    }
    case 'compressed': {
      const title = t('convert.change.compressed', { codec: change.codec })
      return { icon: Archive, tone: 'muted', title, detail: t('convert.change.compressedDetail') }
    }
    case 'enlarged': {
      const detail = t('convert.change.enlargedDetail', { from: change.from, to: change.to })
      return { icon: Ruler, tone: 'muted', title: t('convert.change.enlarged'), detail }
    }
    case 'kept': {
      const detail = t('convert.change.keptDetail', { size: sizeText(change.virtualSize) })
      return { icon: Check, tone: 'ok', title: t('convert.change.kept'), detail }
    }
    default:
      return assertNever(change)
  }
}
