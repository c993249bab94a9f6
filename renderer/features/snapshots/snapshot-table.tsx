// The table of snapshots, below the state of now.

import type { ReactElement } from 'react'
import { useTranslation } from 'react-i18next'
import type { SnapshotFacts } from '../../../core/model/index.ts'
import type { Volume } from '../../../electron/contract/data.ts'
import { dateText, fullDateText, sizeText } from '../../state/text.ts'
import { fileName } from '../../state/volumes.ts'
import { Badge } from '../../ui/badge.tsx'
import { classNames } from '../../ui/class-names.ts'
import { ContextMenu, MenuItem, MenuSeparator } from '../../ui/menu.tsx'
import { SNAPSHOT_ACTIONS } from './actions.ts'
import styles from './snapshots.module.css'
import type { Rows } from './use-rows.ts'

interface SnapshotTableProps {
  readonly volume: Volume
  readonly snapshots: readonly SnapshotFacts[]
  readonly chosen: readonly SnapshotFacts[]
  readonly rows: Rows
}

export function SnapshotTable({ volume, snapshots, chosen, rows }: SnapshotTableProps) {
  const { t } = useTranslation()
  return (
    <div
      role="grid"
      aria-label={t('command.snapshots')}
      aria-multiselectable="true"
      tabIndex={-1}
      aria-rowcount={snapshots.length + 2}
      className={styles.table}
      onKeyDown={(event) => {
        rows.onKeyDown(event)
        const action = SNAPSHOT_ACTIONS.find(({ key }) => key === event.key)
        if (!action || action.reason(chosen) !== undefined) return
        event.preventDefault()
        action.run(volume, chosen)
      }}
      onMouseDown={rows.onMouseDown}
    >
      <div role="row" className={classNames(styles.row, styles.head)}>
        <span role="columnheader" className={styles.headName}>
          {t('snapshots.name')}
        </span>
        <span role="columnheader" className="number">
          {t('snapshots.state')}
        </span>
        <span role="columnheader" className="number">
          {t('snapshots.disk')}
        </span>
        <span role="columnheader" className="number">
          {t('snapshots.created')}
        </span>
      </div>
      <div role="row" className={styles.row}>
        <span role="gridcell" className={classNames(styles.name, styles.now)}>
          <span className="cut" title={fileName(volume.name)}>
            {fileName(volume.name)}
          </span>
          <Badge tone="accent">{t('snapshots.current')}</Badge>
        </span>
        <span role="gridcell" className="number muted">
          –
        </span>
        <span role="gridcell" className="number">
          {volume.virtualSize === undefined ? '–' : sizeText(volume.virtualSize)}
        </span>
        <span role="gridcell" className={styles.date} title={fullDateText(volume.modifiedAt)}>
          {dateText(volume.modifiedAt)}
        </span>
      </div>
      <SnapshotMenu volume={volume} chosen={chosen}>
        <div role="rowgroup">
          {snapshots.map((snapshot) => (
            <SnapshotRow
              key={snapshot.id}
              snapshot={snapshot}
              selected={rows.selected.has(snapshot.id)}
              tabStop={rows.tabStop === snapshot.id}
            />
          ))}
        </div>
      </SnapshotMenu>
    </div>
  )
}

interface SnapshotRowProps {
  readonly snapshot: SnapshotFacts
  readonly selected: boolean
  readonly tabStop: boolean
}

function SnapshotRow({ snapshot, selected, tabStop }: SnapshotRowProps) {
  const { id, name, vmStateSize, virtualSize, createdAt } = snapshot
  return (
    <div
      role="row"
      data-row={id}
      data-selected={selected ? '' : undefined}
      aria-selected={selected}
      tabIndex={tabStop ? 0 : -1}
      className={classNames(styles.row, styles.item)}
    >
      <span role="gridcell" className={styles.name}>
        <span className="cut" title={name}>
          {name}
        </span>
      </span>
      <span role="gridcell" className={classNames('number', vmStateSize === 0 && styles.quiet)}>
        {vmStateSize === 0 ? '–' : sizeText(vmStateSize)}
      </span>
      <span role="gridcell" className="number">
        {virtualSize === undefined ? '–' : sizeText(virtualSize)}
      </span>
      <span role="gridcell" className={styles.date} title={fullDateText(createdAt)}>
        {dateText(createdAt)}
      </span>
    </div>
  )
}

interface SnapshotMenuProps {
  readonly volume: Volume
  readonly chosen: readonly SnapshotFacts[]
  readonly children: ReactElement
}

function SnapshotMenu({ volume, chosen, children }: SnapshotMenuProps) {
  const { t } = useTranslation()
  return (
    <ContextMenu trigger={children}>
      {SNAPSHOT_ACTIONS.map(({ id, title, icon: Icon, shortcut, reason, run }) => {
        const why = reason(chosen)
        return [
          id === 'remove' && <MenuSeparator key="separator" />,
          <MenuItem
            key={id}
            icon={<Icon />}
            title={t(title)}
            shortcut={shortcut}
            reason={why === undefined ? undefined : t(why)}
            onSelect={() => run(volume, chosen)}
          />,
        ]
      })}
    </ContextMenu>
  )
}
