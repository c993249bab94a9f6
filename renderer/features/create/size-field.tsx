// A size: typed as people write it, or drawn with the slider.

import { Slider } from '@base-ui/react/slider'
import { useTranslation } from 'react-i18next'
import { parseSize } from '../../../core/model/index.ts'
import { sizeText } from '../../state/text.ts'
import { TextField } from '../../ui/text-field.tsx'
import styles from './create.module.css'
import { SLIDER_MAX, TICKS, positionOf, sizeAt } from './size-scale.ts'

interface SizeFieldProps {
  readonly id: string
  readonly value: string
  readonly onValueChange: (value: string) => void
  readonly placeholder: string
  readonly problemId: string | undefined
  /** What an empty field comes to, in bytes. */
  readonly fallback: number | undefined
}

export function SizeField({ id, value, onValueChange, placeholder, problemId, fallback }: SizeFieldProps) {
  const { t } = useTranslation()
  const bytes = parseSize(value) ?? fallback ?? TICKS[0]?.bytes ?? 0
  return (
    <div className={styles.size}>
      <TextField
        id={id}
        className={styles.sizeText}
        value={value}
        placeholder={placeholder}
        onValueChange={onValueChange}
        invalid={problemId !== undefined}
        aria-describedby={problemId}
      />
      <div className="grow">
        <Slider.Root
          value={positionOf(bytes)}
          onValueChange={(position) => onValueChange(sizeText(sizeAt(position)))}
          min={0}
          max={SLIDER_MAX}
          step={1}
          largeStep={SLIDER_MAX / 4}
          thumbAlignment="edge"
        >
          <Slider.Control className={styles.slider}>
            <Slider.Track className={styles.track}>
              <Slider.Indicator className={styles.indicator} />
              <Slider.Thumb
                className={styles.thumb}
                getAriaLabel={() => t('create.size')}
                getAriaValueText={() => sizeText(bytes)}
              />
            </Slider.Track>
          </Slider.Control>
        </Slider.Root>
        <div className={styles.ticks} aria-hidden="true">
          {TICKS.map(({ at, bytes: tick }) => (
            <span key={at} style={{ left: `${at}%` }}>
              {at === SLIDER_MAX ? sizeText(tick) : sizeText(tick).split(' ')[0]}
            </span>
          ))}
        </div>
      </div>
    </div>
  )
}
