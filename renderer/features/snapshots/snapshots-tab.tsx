// The history a volume is a part of: as a rail or a map, with what can be done with each state and what would come of it.

import { Camera } from 'lucide-react'
import { useEffect, useLayoutEffect, useRef, useState } from 'react'
import type { KeyboardEvent, ReactElement } from 'react'
import { useTranslation } from 'react-i18next'
import type { HistoryNode } from '../../../core/model/index.ts'
import type { Volume } from '../../../electron/contract/data.ts'
import { useCommand } from '../../commands/use-command.ts'
import { openDialog } from '../../state/dialogs.ts'
import { useFamily, useVolumesByPath } from '../../state/family.ts'
import { useRowHeight } from '../../state/row-height.ts'
import { Button } from '../../ui/button.tsx'
import { Note } from '../../ui/note.tsx'
import { ActionBar } from './action-bar.tsx'
import { NODE_ACTIONS, TAKE } from './actions.ts'
import type { NodeAction, Target } from './actions.ts'
import { HistoryMap } from './history-map.tsx'
import { NodeMenu } from './node-menu.tsx'
import { outcomeOf } from './outcome.ts'
import { OutcomePanel } from './outcome-panel.tsx'
import { Rail } from './rail.tsx'
import styles from './snapshots.module.css'
import { useNodes } from './use-nodes.ts'

export function SnapshotsTab({ volume }: { readonly volume: Volume }) {
  const { t } = useTranslation()
  const { value, error } = useFamily(volume)
  if (error && !value) {
    return (
      <div className={styles.problem}>
        <Note kind="danger">{error.message}</Note>
      </div>
    )
  }
  if (!value) return <p className={styles.waiting}>{t('snapshots.looking')}</p>
  if (value.nodes.length <= 1) return <NoSnapshots />
  return <HistoryView volume={volume} nodes={value.nodes} />
}

/** The state the keyboard is on, in the rail and on the map. */
const TAB_STOP = '[data-row][tabindex="0"]'

interface Chosen {
  readonly action: NodeAction
  /** Of the states it is about. */
  readonly ids: readonly string[]
}

interface HistoryViewProps {
  readonly volume: Volume
  readonly nodes: readonly HistoryNode[]
}

function HistoryView({ volume, nodes }: HistoryViewProps) {
  const { t } = useTranslation()
  const view = useRef<HTMLDivElement>(null)
  const scroller = useRef<HTMLDivElement>(null)
  const wantsRow = useRef(false)
  const [kind, setKind] = useState<'rail' | 'map'>('rail')
  const [chosen, setChosen] = useState<Chosen>()
  const rowHeight = useRowHeight()
  const rows = useNodes(nodes, view, (index) => bringIntoView(scroller.current, index, rowHeight))
  const targetOf = useTargets(volume, nodes)

  const target = targetOf(nodes.filter(({ id }) => rows.selected.has(id)))
  const current = nodes.filter((node) => node.kind === 'current')
  const about = (action: NodeAction): Target =>
    action === TAKE && target.nodes.length === 0 ? targetOf(current) : target
  const ids = (action: NodeAction): readonly string[] => about(action).nodes.map(({ id }) => id)
  // With another selection, it is about something else.
  const preview = chosen && chosen.ids.join() === ids(chosen.action).join() ? chosen.action : undefined
  const outcome = outcomeOf(nodes, preview && { action: preview.id, nodes: about(preview).nodes }, t('history.fresh'))

  function choose(action: NodeAction): void {
    if (action.reason(about(action)) !== undefined) return
    if (action.previews) setChosen(action === preview ? undefined : { action, ids: ids(action) })
    else action.run(about(action))
  }

  /** Without showing what comes of it first: but for a file, of which there is no other question. */
  function act(action: NodeAction): void {
    if (action.id === 'remove' && target.nodes.some(({ snapshot }) => !snapshot)) choose(action)
    else action.run(target)
  }

  // The row the keyboard was on is gone with the other view; here is the same one.
  useLayoutEffect(() => {
    if (!wantsRow.current) return
    const row = view.current?.querySelector<HTMLElement>(TAB_STOP)
    wantsRow.current = !row
    row?.focus()
  })

  // Also from the bar and the panel beside it.
  useEffect(() => {
    const element = view.current
    const listen = (event: globalThis.KeyboardEvent): void => {
      if (event.key === 'Escape') setChosen(undefined)
      if (event.defaultPrevented || !isSwitch(event)) return
      wantsRow.current = document.activeElement?.closest('[data-row]') !== null
      setKind((now) => (now === 'rail' ? 'map' : 'rail'))
      event.preventDefault()
    }
    element?.addEventListener('keydown', listen)
    return () => element?.removeEventListener('keydown', listen)
  }, [])

  function onKeyDown(event: KeyboardEvent<HTMLElement>): void {
    // No name is looked for that begins with it.
    if (isSwitch(event)) return
    const action = NODE_ACTIONS.find(({ key }) => key === event.key)
    if (action?.reason(target) === undefined && action) {
      act(action)
      event.preventDefault()
    }
    rows.onKeyDown(event)
  }

  function actionOf(node: HistoryNode): ReactElement | undefined {
    if (!node.tags.includes('missing')) return undefined
    const [child] = nodes
      .filter(({ parents }) => parents.includes(node.id))
      .flatMap((one) => targetOf([one]).volume ?? [])
    return (
      child && (
        <Button
          key="locate"
          size="small"
          tabIndex={kind === 'rail' ? -1 : 0}
          onClick={() => openDialog({ kind: 'locate', volume: child })}
        >
          {t('history.locate')}
        </Button>
      )
    )
  }

  const menu = (content: ReactElement): ReactElement => (
    <NodeMenu target={target} onChoose={act}>
      {content}
    </NodeMenu>
  )
  const shared = { scroller, outcome, rows, onKeyDown, menu, actionOf }
  return (
    <div ref={view} role="group" aria-label={t('history.title')} className={styles.view}>
      <ActionBar volume={volume} about={about} preview={preview} kind={kind} onKind={setKind} onChoose={choose} />
      <div className={styles.split}>
        {kind === 'rail' ? <Rail {...shared} /> : <HistoryMap {...shared} />}
        {preview && (
          <OutcomePanel
            key={preview.id}
            action={preview}
            target={about(preview)}
            onClose={() => {
              setChosen(undefined)
              view.current?.querySelector<HTMLElement>(TAB_STOP)?.focus()
            }}
          />
        )}
      </div>
      <p className={styles.legend} aria-hidden="true">
        <span className={styles.round} /> {t('history.legendSnapshot')}
        <span className={styles.square} /> {t('history.legendFile')}
        <span className={styles.sameFile} /> {t('history.legendBand')}
        {preview && (
          <>
            <span className={styles.after} /> {t('history.legendAfter')}
          </>
        )}
      </p>
    </div>
  )
}

/** Rail or map. */
function isSwitch({
  key,
  ctrlKey,
  metaKey,
  altKey,
}: Pick<globalThis.KeyboardEvent, 'key' | 'ctrlKey' | 'metaKey' | 'altKey'>): boolean {
  return key.toLowerCase() === 'm' && !ctrlKey && !metaKey && !altKey
}

/** By some states of one file, what is known around them. */
function useTargets(volume: Volume, family: readonly HistoryNode[]): (nodes: readonly HistoryNode[]) => Target {
  const byPath = useVolumesByPath()
  const current = family.find(({ kind }) => kind === 'current')?.path
  return (nodes) => {
    const path = nodes[0]?.path
    const row = path === current ? volume : path === undefined ? undefined : byPath.get(path)
    return { nodes, volume: row, family }
  }
}

function bringIntoView(scroller: HTMLElement | null, index: number, rowHeight: number): void {
  // Only the rail is as long as its rows; the map brings its boxes into sight itself.
  if (!scroller || scroller.getAttribute('role') !== 'grid') return
  const head = 28
  const top = index * rowHeight
  const last = top + rowHeight + head - scroller.clientHeight
  if (scroller.scrollTop > top) scroller.scrollTop = top
  else if (scroller.scrollTop < last) scroller.scrollTop = last
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
