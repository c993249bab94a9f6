// What lies under one cell: its worst state, where the guest sees it, where it is stored, and in which layer.

import { useEffect, useState } from 'react'
import { useTranslation } from 'react-i18next'
import type { DiskContents, ImageFacts, MapExtent, MapSpace } from '../../../core/model/index.ts'
import { partitionTitle, worstState } from '../../../core/model/index.ts'
import { api } from '../../state/api.ts'
import type { DiskMap } from '../../state/disk-map.ts'
import { showVolume } from '../../state/view.ts'
import { countText, sizeText } from '../../state/text.ts'
import { fileName } from '../../state/volumes.ts'
import { Swatch } from '../../ui/strip.tsx'
import { LOOKS, hexText, stateTitle } from './looks.ts'
import styles from './map.module.css'
import { partitionAt } from './partitions.ts'

export interface TipFacts {
  readonly space: MapSpace
  readonly chain: readonly ImageFacts[] | undefined
  readonly contents: DiskContents | undefined
  readonly offset: number
  readonly cellSize: number
}

interface MapTipProps extends TipFacts {
  readonly map: DiskMap
  /** Its bits, while they are known. */
  readonly cell: number | undefined
  /** Of the cell, within the box that the tip must stay in. */
  readonly x: number
  readonly y: number
  readonly width: number
  readonly height: number
}

/** Passing over cells must not ask for each of them. */
const SETTLE_MS = 100
/** Of one cell: what is beyond is only counted as more. */
const MOST = 200
const WIDTH = 256
const HEIGHT = 150

export function MapTip(props: MapTipProps) {
  const { t } = useTranslation()
  const { map, cell, offset, cellSize, space, contents, x, y, width, height } = props
  const extents = useExtents(map, offset, cellSize, space)
  if (cell === undefined) return null
  const worst = worstState(cell)
  const extent = extents?.toSorted((one, other) => other.states - one.states)[0]
  const at = extent?.offset ?? offset
  const length = Math.min(extent?.length ?? cellSize, map.facts.size - at)
  const partition = space === 'guest' ? partitionAt(contents, at) : undefined
  const title = stateTitle(worst, space)
  return (
    <div
      className={styles.tip}
      style={{
        width: WIDTH,
        left: Math.max(0, Math.min(x + 20, width - WIDTH)),
        ...(y + HEIGHT + 24 > height ? { bottom: height - y + 8 } : { top: y + 24 }),
      }}
    >
      <p className={styles.tipHead}>
        <Swatch look={LOOKS[worst]} />
        <span className="strong grow">{title}</span>
        {extents && extents.length > 1 && (
          <span className="muted">{t('map.worstOf', { count: countText(extents.length) })}</span>
        )}
      </p>
      <dl className={styles.tipFacts}>
        <dt>{space === 'guest' ? t('map.atGuest') : t('map.inFile')}</dt>
        <dd className={styles.mono}>{hexText(at)}</dd>
        {extent?.hostOffset !== undefined && (
          <>
            <dt>{t('map.inFile')}</dt>
            <dd className={styles.mono}>{hexText(extent.hostOffset)}</dd>
          </>
        )}
        <dt>{t('map.length')}</dt>
        <dd className={styles.mono}>{sizeText(length)}</dd>
        <Layer extent={extent} chain={props.chain} />
        {partition && (
          <>
            <dt>{t('map.partition')}</dt>
            <dd className="cut">
              {t('map.partitionAt', { name: partitionTitle(partition), offset: sizeText(at - partition.offset) })}
            </dd>
          </>
        )}
      </dl>
      {worst === 'corrupt' && (
        <button type="button" className={styles.tipLink} onClick={() => showVolume(map.facts.volume, 'health')}>
          {t('map.openHealth')}
        </button>
      )}
      <span className="visually-hidden" aria-live="polite">
        {t('map.spoken', { state: title, offset: hexText(at), length: sizeText(length) })}
      </span>
    </div>
  )
}

function Layer({
  extent,
  chain,
}: {
  readonly extent: MapExtent | undefined
  readonly chain: readonly ImageFacts[] | undefined
}) {
  const { t } = useTranslation()
  const layer = extent && chain?.[extent.depth]
  if (!extent || extent.states === 0 || !layer || chain.length < 2) return null
  return (
    <>
      <dt>{t('map.layer')}</dt>
      <dd className="cut">{layerTitle(extent.depth, chain)}</dd>
    </>
  )
}

export function layerTitle(depth: number, chain: readonly ImageFacts[] | undefined): string {
  const name = fileName(chain?.[depth]?.path ?? '')
  return depth === 0 ? name : `${depth}: ${name}`
}

/** Those that begin in the cell; undefined until they are known. */
function useExtents(map: DiskMap, offset: number, cellSize: number, space: MapSpace): readonly MapExtent[] | undefined {
  const [extents, setExtents] = useState<readonly MapExtent[]>()
  const { volume } = map.facts
  useEffect(() => {
    if (space === 'file') return undefined
    let current = true
    const timer = setTimeout(() => {
      api.mapExtents(volume, offset, MOST).then(
        (answer) => current && setExtents(answer.extents.filter((one) => one.offset < offset + cellSize)),
        // That it cannot be read is said above the map.
        () => undefined,
      )
    }, SETTLE_MS)
    return () => {
      current = false
      clearTimeout(timer)
    }
  }, [volume, offset, cellSize, space])
  return extents
}
