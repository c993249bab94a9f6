// The whole disk in one strip, under its partitions, with a window on what the grid shows.

import { useMemo } from 'react'
import type { PointerEvent } from 'react'
import { useTranslation } from 'react-i18next'
import type { DiskContents, MapSpace, MapState } from '../../../core/model/index.ts'
import { MAP_STATES, partitionTitle } from '../../../core/model/index.ts'
import { sizeText } from '../../state/text.ts'
import type { DiskMap } from '../../state/disk-map.ts'
import { Axis } from '../../ui/axis.tsx'
import { Strip } from '../../ui/strip.tsx'
import { useWidth } from '../../ui/use-width.ts'
import { LOOKS, hexText, shownState, stateTitle } from './looks.ts'
import styles from './map.module.css'
import { partitionsOf } from './partitions.ts'
import type { MapView } from './use-map-view.ts'

interface MapStripProps {
  readonly map: DiskMap
  readonly view: MapView
  readonly space: MapSpace
  readonly hidden: ReadonlySet<MapState>
  readonly contents: DiskContents | undefined
}

const HEIGHT = 32

export function MapStrip({ map, view, space, hidden, contents }: MapStripProps) {
  const { t } = useTranslation()
  const { ref, width } = useWidth()
  const cells = useMemo(() => {
    const looks = Object.fromEntries(MAP_STATES.map((state) => [state, state === 'hole' ? undefined : LOOKS[state]]))
    let level = 0
    while (level < map.levelCount - 1 && map.cellCount(level) > 2 * width) level += 1
    const count = map.cellCount(level)
    return Array.from({ length: width }, (_, x) => {
      let bits = 0
      const end = Math.max(Math.floor((x * count) / width) + 1, Math.floor(((x + 1) * count) / width))
      for (let index = Math.floor((x * count) / width); index < end; index += 1) bits |= map.cell(level, index) ?? 0
      const state = shownState(bits, hidden)
      return state && looks[state]
    })
  }, [map, width, hidden])
  const percent = (offset: number): string => `${(offset / Math.max(1, map.facts.size)) * 100}%`

  function follow(event: PointerEvent<HTMLElement>): void {
    if ((event.buttons & 1) === 0) return
    const box = event.currentTarget.getBoundingClientRect()
    view.center(Math.min(1, Math.max(0, (event.clientX - box.left) / box.width)) * map.facts.size)
  }

  const inWords = MAP_STATES.map((state, index) => ({ state, bytes: map.facts.bytes[index] ?? 0 }))
    .filter(({ bytes }) => bytes > 0)
    .map(({ state, bytes }) => `${stateTitle(state, space)} ${sizeText(bytes)}`)
    .join(', ')
  return (
    <div className={styles.stripArea}>
      {space === 'guest' && partitionsOf(contents).length > 0 && (
        <ol className={styles.partitions}>
          {partitionsOf(contents).map((partition) => (
            <li
              key={partition.index}
              style={{ left: percent(partition.offset), width: percent(partition.length) }}
              title={`${partitionTitle(partition)}, ${sizeText(partition.length)}`}
            >
              <span className="medium">{partitionTitle(partition)}</span>{' '}
              <span className="muted">{sizeText(partition.length)}</span>
            </li>
          ))}
        </ol>
      )}
      <div
        ref={ref}
        className={styles.strip}
        onPointerDown={(event) => {
          event.currentTarget.setPointerCapture(event.pointerId)
          follow(event)
        }}
        onPointerMove={follow}
      >
        <Strip cells={cells} height={HEIGHT} label={t('map.strip', { sizes: inWords })} />
        {view.level < view.highest && (
          <span
            className={styles.window}
            role="img"
            aria-label={t('map.window', { from: hexText(view.start), to: hexText(view.end) })}
            style={{ left: percent(view.start), width: percent(view.end - view.start) }}
          />
        )}
      </div>
      <Axis end={sizeText(map.facts.size)} />
    </div>
  )
}
