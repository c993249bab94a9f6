// The map of a volume: the whole disk as a strip, below it every part as a cell, or the same as a table.

import { useEffect, useRef, useState } from 'react'
import { useTranslation } from 'react-i18next'
import type { DiskContents, MapSpace, MapState } from '../../../core/model/index.ts'
import type { Volume } from '../../../electron/contract/data.ts'
import type { VolumeId } from '../../../electron/contract/ids.ts'
import { api } from '../../state/api.ts'
import { useAsked, useVersion } from '../../state/asked.ts'
import type { DiskMap } from '../../state/disk-map.ts'
import { useDialogs } from '../../state/dialogs.ts'
import { useInspection } from '../../state/inspection.ts'
import { percentText, sizeText } from '../../state/text.ts'
import { useDiskMap } from '../../state/use-disk-map.ts'
import { Note } from '../../ui/note.tsx'
import { MapGrid } from './map-grid.tsx'
import { MapLegend } from './map-legend.tsx'
import { MapStrip } from './map-strip.tsx'
import { MapTable } from './map-table.tsx'
import { MapToolbar } from './map-toolbar.tsx'
import styles from './map.module.css'
import { PITCH, useMapView } from './use-map-view.ts'
import { useRoom } from './use-room.ts'

const contentsOf = (id: VolumeId): Promise<DiskContents> => api.contents(id)

export function MapTab({ volume }: { readonly volume: Volume }) {
  const { t } = useTranslation()
  const [space, setSpace] = useState<MapSpace>('guest')
  const map = useDiskMap(volume, space)
  if (map?.facts.error && map.facts.size === 0) {
    return (
      <div className={styles.problem}>
        <Note kind="danger" role="alert">
          {map.facts.error.message}
        </Note>
      </div>
    )
  }
  if (!map || map.facts.size === 0) return <p className={styles.waiting}>{t('map.readingFirst')}</p>
  return <Shown key={space} volume={volume} map={map} space={space} onSpace={setSpace} />
}

interface ShownProps {
  readonly volume: Volume
  readonly map: DiskMap
  readonly space: MapSpace
  readonly onSpace: (space: MapSpace) => void
}

function Shown({ volume, map, space, onSpace }: ShownProps) {
  const { t } = useTranslation()
  const [hidden, setHidden] = useState<ReadonlySet<MapState>>(new Set())
  const [table, setTable] = useState(false)
  const [tableStart, setTableStart] = useState(0)
  const { ref, room } = useRoom(PITCH)
  const view = useMapView(map, room)
  const goField = useRef<HTMLInputElement>(null)
  const chain = useInspection(volume).value
  const contents = useAsked(volume.id, useVersion(volume), contentsOf).value

  function go(offset: number): void {
    view.go(offset)
    setTableStart(offset)
  }

  function change(direction: 1 | -1): void {
    const next = map.nextChange(Math.floor((view.active ?? view.start) / map.facts.granularity), direction)
    if (next !== undefined) go(next * map.facts.granularity)
  }

  useMapKeys({
    g: () => goField.current?.select(),
    '[': () => change(-1),
    ']': () => change(1),
    t: () => {
      if (space === 'guest') setTable((before) => !before)
    },
    '+': () => view.zoom(1),
    '=': () => view.zoom(1),
    '-': () => view.zoom(-1),
  })

  const range = { from: sizeText(view.start), to: sizeText(view.end) }
  return (
    <>
      <MapToolbar
        space={space}
        onSpace={onSpace}
        noFile={map.facts.hasFileMap ? undefined : t('map.noFileView')}
        table={table}
        onTable={setTable}
        view={view}
        size={map.facts.size}
        goField={goField}
        onGo={go}
        onChange={change}
      />
      {map.facts.error && (
        <div className={styles.problem}>
          <Note kind="danger" role="alert">
            {map.facts.error.message}
          </Note>
        </div>
      )}
      <MapStrip map={map} view={view} space={space} hidden={hidden} contents={contents} />
      <MapLegend
        map={map}
        space={space}
        hidden={hidden}
        onSpace={onSpace}
        onToggle={(state) => setHidden((before) => toggled(before, state))}
      />
      {table ? (
        <MapTable key={tableStart} volume={volume} start={tableStart} chain={chain} />
      ) : (
        <div ref={ref} className={styles.room}>
          <MapGrid map={map} view={view} room={room} hidden={hidden} space={space} chain={chain} contents={contents} />
        </div>
      )}
      <footer className={styles.footer}>
        <span role="status">
          {map.facts.isDone || map.facts.error
            ? t(space === 'guest' ? 'map.shownGuest' : 'map.shownFile', range)
            : t('map.reading', { percent: percentText(map.facts.known / Math.max(1, map.cellCount(0))) })}
        </span>
        <span className="grow" />
        <Hint keys={['G']} text={t('map.goHint')} />
        <Hint keys={['[', ']']} text={t('map.nextHint')} />
        {space === 'guest' && <Hint keys={['T']} text={t('map.tableHint')} />}
      </footer>
    </>
  )
}

function Hint({ keys, text }: { readonly keys: readonly string[]; readonly text: string }) {
  return (
    <span className={styles.hint}>
      {keys.map((key) => (
        <kbd key={key}>{key}</kbd>
      ))}
      {text}
    </span>
  )
}

function toggled(before: ReadonlySet<MapState>, state: MapState): ReadonlySet<MapState> {
  const after = new Set(before)
  if (!after.delete(state)) after.add(state)
  return after
}

/** Wherever the focus is on the page, but not while something is typed or a dialog is open. */
function useMapKeys(actions: Readonly<Record<string, () => void>>): void {
  const latest = useRef(actions)
  useEffect(() => {
    latest.current = actions
  })
  useEffect(() => {
    function onKeyDown(event: KeyboardEvent): void {
      if (event.ctrlKey || event.metaKey || event.altKey || event.isComposing) return
      if (event.target instanceof HTMLInputElement && event.target.type === 'text') return
      if (useDialogs.getState().dialog.kind !== 'none') return
      const action = latest.current[event.key.toLowerCase()]
      if (!action) return
      event.preventDefault()
      action()
    }
    window.addEventListener('keydown', onKeyDown)
    return () => window.removeEventListener('keydown', onKeyDown)
  }, [])
}
