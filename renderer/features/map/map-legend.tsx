// What the looks mean and how much there is of each; a press hides a state, or changes to the view that knows it.

import { useTranslation } from 'react-i18next'
import { MAP_STATES } from '../../../core/model/index.ts'
import type { MapSpace, MapState } from '../../../core/model/index.ts'
import type { DiskMap } from '../../state/disk-map.ts'
import { sizeText } from '../../state/text.ts'
import { Swatch } from '../../ui/strip.tsx'
import { LEGEND, LOOKS, isInSpace, stateTitle } from './looks.ts'
import styles from './map.module.css'

interface MapLegendProps {
  readonly map: DiskMap
  readonly space: MapSpace
  readonly hidden: ReadonlySet<MapState>
  readonly onToggle: (state: MapState) => void
  readonly onSpace: (space: MapSpace) => void
}

export function MapLegend({ map, space, hidden, onToggle, onSpace }: MapLegendProps) {
  const { t } = useTranslation()
  const other = space === 'guest' ? 'file' : 'guest'
  return (
    <div className={styles.legend} role="group" aria-label={t('map.legend')}>
      {LEGEND.map((state) => {
        const bytes = map.facts.bytes[MAP_STATES.indexOf(state)] ?? 0
        if (isInSpace(state, space)) {
          // What almost no image has is not worth the room.
          if (bytes === 0 && (state === 'shared' || state === 'corrupt')) return null
          return (
            <button
              key={state}
              type="button"
              className={styles.legendItem}
              aria-pressed={!hidden.has(state)}
              title={state === 'shared' ? t('map.sharedHelp') : undefined}
              onClick={() => onToggle(state)}
            >
              <Swatch look={LOOKS[state]} />
              <span className="column">
                <span className="medium nowrap">{stateTitle(state, space)}</span>
                <span className="secondary muted">{sizeText(bytes)}</span>
              </span>
            </button>
          )
        }
        if (other === 'file' && !map.facts.hasFileMap) return null
        return (
          <button
            key={state}
            type="button"
            className={styles.legendItem}
            data-elsewhere=""
            onClick={() => onSpace(other)}
          >
            <Swatch look={LOOKS[state]} />
            <span className="column">
              <span className="medium nowrap">{stateTitle(state, other)}</span>
              <span className="secondary muted">{t(`map.${other}View`)}</span>
            </span>
          </button>
        )
      })}
    </div>
  )
}
