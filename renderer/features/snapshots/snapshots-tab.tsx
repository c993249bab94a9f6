// The snapshots inside a volume: newest on top, with what can be done with them.

import { Camera } from 'lucide-react'
import { useMemo } from 'react'
import { useTranslation } from 'react-i18next'
import type { SnapshotFacts } from '../../../core/model/index.ts'
import type { Volume } from '../../../electron/contract/data.ts'
import { useCommand } from '../../commands/use-command.ts'
import { useInspection } from '../../state/inspection.ts'
import { Button } from '../../ui/button.tsx'
import { Note } from '../../ui/note.tsx'
import { SNAPSHOT_ACTIONS } from './actions.ts'
import { SnapshotTable } from './snapshot-table.tsx'
import styles from './snapshots.module.css'
import { useRows } from './use-rows.ts'

export function SnapshotsTab({ volume }: { readonly volume: Volume }) {
  const { t } = useTranslation()
  const { value: chain, error } = useInspection(volume)
  const found = chain?.[0]?.details.snapshots
  const snapshots = useMemo(() => newestFirst(found ?? []), [found])
  const rows = useRows(
    useMemo(() => snapshots.map(({ id }) => id), [snapshots]),
    useMemo(() => snapshots.map(({ name }) => name), [snapshots]),
  )
  const chosen = snapshots.filter(({ id }) => rows.selected.has(id))

  if (error && !chain) {
    return (
      <div className={styles.problem}>
        <Note kind="danger">{error.message}</Note>
      </div>
    )
  }
  if (!chain) return <p className={styles.waiting}>{t('snapshots.looking')}</p>
  if (snapshots.length === 0) return <NoSnapshots />
  return (
    <>
      <ActionBar volume={volume} chosen={chosen} />
      <SnapshotTable volume={volume} snapshots={snapshots} chosen={chosen} rows={rows} />
    </>
  )
}

/** Tables keep them in the order they were taken; clocks may have been wrong. */
function newestFirst(snapshots: readonly SnapshotFacts[]): readonly SnapshotFacts[] {
  return snapshots.toReversed().toSorted((one, other) => other.createdAt - one.createdAt)
}

function NoSnapshots() {
  const { t } = useTranslation()
  const { icon: Icon, reason, run } = useCommand('volume.take-snapshot')
  return (
    <div className={styles.empty}>
      <Camera className="icon-32" aria-hidden="true" />
      <p>{t('snapshots.none')}</p>
      <Button
        variant="primary"
        icon={Icon && <Icon aria-hidden="true" />}
        aria-disabled={reason === undefined ? undefined : true}
        title={reason}
        onClick={() => {
          if (reason === undefined) run()
        }}
      >
        {t('snapshots.take')}
      </Button>
    </div>
  )
}

interface ActionBarProps {
  readonly volume: Volume
  readonly chosen: readonly SnapshotFacts[]
}

function ActionBar({ volume, chosen }: ActionBarProps) {
  const { t } = useTranslation()
  const take = useCommand('volume.take-snapshot')
  return (
    <div className={styles.bar} role="toolbar" aria-label={t('command.snapshots')}>
      <Button
        icon={<Camera aria-hidden="true" />}
        aria-disabled={take.reason === undefined ? undefined : true}
        title={take.reason ?? take.shortcut}
        onClick={() => {
          if (take.reason === undefined) take.run()
        }}
      >
        {t('snapshots.take')}
      </Button>
      <span className={styles.separator} />
      {SNAPSHOT_ACTIONS.map(({ id, title, icon: Icon, shortcut, reason, run }) => {
        const why = reason(chosen)
        return (
          <Button
            key={id}
            variant="ghost"
            icon={<Icon aria-hidden="true" />}
            aria-disabled={why === undefined ? undefined : true}
            title={why === undefined ? shortcut : t(why)}
            onClick={() => {
              if (why === undefined) run(volume, chosen)
            }}
          >
            {t(title)}
          </Button>
        )
      })}
    </div>
  )
}
