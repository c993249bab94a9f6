// The disk to scale: what it holds, where it ends now, and where it is to end.

import { Slider } from '@base-ui/react/slider'
import { useTranslation } from 'react-i18next'
import { sizeText } from '../../state/text.ts'
import { classNames } from '../../ui/class-names.ts'
import { PartsBar } from '../../ui/parts-bar.tsx'
import type { BarPart } from '../../ui/parts-bar.tsx'
import styles from './resize.module.css'
import { stepOf } from './sizes.ts'

interface SizeBarProps {
  readonly now: number
  readonly size: number
  readonly room: number
  /** Undefined while it is not known. */
  readonly dataEnd: number | undefined
  /** What all partitions need, where that is known. */
  readonly minimum: number | undefined
  /** Of the disk as it is now. */
  readonly parts: readonly BarPart[]
  readonly onSizeChange: (size: number) => void
}

/** Parts of the bar's length that a mark's words need. */
const CROWDED = 0.22
const NEAR_EDGE = 0.1

const TICKS = [0, 0.25, 0.5, 0.75] as const

export function SizeBar({ now, size, room, dataEnd, minimum, parts, onSizeChange }: SizeBarProps) {
  const { t } = useTranslation()
  const step = stepOf(room)
  const at = (bytes: number): string => `${Math.min(1, bytes / room) * 100}%`
  const span = (from: number, to: number) => ({ left: at(from), width: `${(Math.max(0, to - from) / room) * 100}%` })
  const kept = Math.min(now, size)
  // Two marks that stand close together go to either side.
  const mark = minimum ?? dataEnd
  const crowded = mark !== undefined && Math.abs(mark - now) < room * CROWDED
  const markSide = mark === undefined || crowded ? styles.before : mark < room * NEAR_EDGE && styles.after
  return (
    <div className={styles.scale}>
      <div className={styles.room} />
      {parts.length > 0 ? (
        <div className={styles.parts} style={span(0, now)}>
          <PartsBar parts={parts} height={36} />
        </div>
      ) : (
        <>
          <div className={classNames(styles.part, styles.kept)} style={span(0, kept)} />
          {dataEnd !== undefined && <div className={styles.data} style={span(0, Math.min(dataEnd, kept))} />}
        </>
      )}
      {size > now && (
        <div className={classNames(styles.part, styles.fresh)} style={span(now, size)}>
          <span className={styles.words}>
            <span className="medium accent">{t('resize.fresh')}</span> {sizeText(size - now)}
          </span>
        </div>
      )}
      {size < now && (
        <div className={classNames(styles.part, styles.cut)} style={span(size, now)}>
          <span className={styles.words}>
            <span className="medium">{t('resize.cut')}</span> {sizeText(now - size)}
          </span>
        </div>
      )}
      {dataEnd !== undefined && dataEnd > size && (
        <div className={classNames(styles.data, styles.lost)} style={span(size, dataEnd)} />
      )}
      {mark !== undefined && mark > 0 && (
        <>
          <i className={styles.line} style={{ left: at(mark) }} />
          <span className={classNames(styles.mark, styles.minimum, markSide)} style={{ left: at(mark) }}>
            {t(minimum === undefined ? 'resize.dataEnds' : 'resize.minimumAt', { size: sizeText(mark) })}
          </span>
        </>
      )}
      <span className={classNames(styles.mark, crowded && styles.after)} style={{ left: at(now) }}>
        {t('resize.now', { size: sizeText(now) })}
      </span>
      <Slider.Root
        className={styles.slider}
        value={size}
        // What is typed may lie between two steps.
        onValueChange={(value) => onSizeChange(Math.max(step, Math.round(value / step) * step))}
        min={0}
        max={room}
        step={step}
        largeStep={step * 16}
        thumbAlignment="center"
      >
        <Slider.Control className={styles.control}>
          <Slider.Track className={styles.track}>
            <Slider.Thumb
              className={styles.thumb}
              getAriaLabel={() => t('resize.size')}
              getAriaValueText={() => sizeText(size)}
            />
          </Slider.Track>
        </Slider.Control>
      </Slider.Root>
      {TICKS.map((part) => (
        <span key={part} className={styles.tick} style={{ left: `${part * 100}%` }}>
          {part === 0 ? 0 : sizeText(room * part)}
        </span>
      ))}
      <span className={styles.tick} style={{ left: '100%' }}>
        {sizeText(room)}
      </span>
    </div>
  )
}
