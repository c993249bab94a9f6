// What a volume's bytes are: a strip of the whole disk, the sizes in a sentence, and the legend with sums.

import { useMemo } from 'react'
import { useTranslation } from 'react-i18next'
import type { AllocationStrip, CellState } from '../../core/model/index.ts'
import type { Volume } from '../../electron/contract/data.ts'
import { sizeText } from '../state/text.ts'
import type { Look } from '../ui/paint.ts'
import { Strip, Swatch } from '../ui/strip.tsx'
import styles from './allocation.module.css'

const LOOKS: Readonly<Record<CellState, Look>> = {
  data: { pattern: 'solid', color: '--map-data' },
  compressed: { pattern: 'bars', color: '--map-compressed' },
  backing: { pattern: 'back-hatch', color: '--map-backing' },
  zero: { pattern: 'hatch', color: '--map-zero' },
  hole: { pattern: 'outline', color: '--line-strong' },
}

const LEGEND: readonly CellState[] = ['data', 'backing', 'compressed', 'zero', 'hole']
const STRIP_HEIGHT = 24

interface AllocationProps {
  readonly volume: Volume
  readonly strip: AllocationStrip | undefined
  /** Nothing will come. */
  readonly failed: boolean
}

export function Allocation({ volume, strip, failed }: AllocationProps) {
  const { t } = useTranslation()
  const cells = useMemo(
    () => (strip?.cells ?? []).map((state) => (state === 'hole' ? undefined : LOOKS[state])),
    [strip],
  )
  const size = strip?.virtualSize ?? volume.virtualSize
  if (size === undefined || failed) {
    return (
      <p>
        <span className="strong">{sizeText(volume.allocatedSize)}</span>{' '}
        <span className="muted">{t('inspector.onDisk')}</span>
      </p>
    )
  }
  const inWords = strip
    ? LEGEND.map((state) => `${t(`inspector.state.${state}`)} ${sizeText(strip.totals[state])}`).join(', ')
    : ''
  return (
    <div role="group" className={styles.allocation} aria-label={t('inspector.allocation')}>
      <Strip cells={cells} height={STRIP_HEIGHT} label={t('inspector.strip', { sizes: inWords })} />
      <Ruler size={size} />
      <p className={styles.sizes}>
        <span>
          <span className="strong">{sizeText(volume.allocatedSize)}</span>{' '}
          <span className="muted">{t('inspector.onDiskOf', { size: sizeText(size) })}</span>
        </span>
        {size > volume.allocatedSize && (
          <span className="secondary muted nowrap">
            {t('inspector.canGrow', { size: sizeText(size - volume.allocatedSize) })}
          </span>
        )}
      </p>
      <dl className={styles.legend}>
        {LEGEND.map((state) => (
          <div key={state}>
            <Swatch look={LOOKS[state]} />
            <dt>{t(`inspector.state.${state}`)}</dt>
            <dd>{strip ? sizeText(strip.totals[state]) : '–'}</dd>
          </div>
        ))}
      </dl>
    </div>
  )
}

const QUARTERS = [0, 0.25, 0.5, 0.75] as const

/** Where on the disk: quarters as bare numbers in the unit of the end. */
function Ruler({ size }: { readonly size: number }) {
  const end = sizeText(size)
  const [amount = '', unit = ''] = end.split(' ')
  const whole = Number(amount.replace(',', '.'))
  return (
    <div className={styles.ruler} aria-hidden="true">
      {QUARTERS.map((quarter) => (
        <span key={quarter} style={{ left: `${quarter * 100}%` }}>
          {Number((whole * quarter).toFixed(whole < 4 ? 2 : whole < 40 ? 1 : 0))}
        </span>
      ))}
      <span style={{ left: '100%' }}>
        {amount} {unit}
      </span>
    </div>
  )
}
