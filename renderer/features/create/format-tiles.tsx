// What the volume is for, as tiles: each stands for a format.

import { Radio } from '@base-ui/react/radio'
import { RadioGroup } from '@base-ui/react/radio-group'
import { useTranslation } from 'react-i18next'
import type { FormatFacts, FormatId } from '../../../core/model/index.ts'
import { formatShape, madeFormat } from '../../state/formats.ts'
import { Glyph } from '../../ui/glyph.tsx'
import styles from './create.module.css'

interface FormatTilesProps {
  readonly formats: readonly FormatFacts[]
  readonly value: FormatId
  readonly onValueChange: (format: FormatId) => void
}

export function FormatTiles({ formats, value, onValueChange }: FormatTilesProps) {
  const { t } = useTranslation()
  return (
    <RadioGroup
      className={styles.tiles}
      aria-label={t('create.format')}
      value={value}
      onValueChange={(format) => onValueChange(format)}
    >
      {formats.map(({ format, title }) => {
        const made = madeFormat(format)
        return (
          <Radio.Root key={format} value={format} className={styles.tile}>
            <Glyph shape={formatShape(format)} />
            <span className="medium">{made ? t(`create.purpose.${made}.title`) : title}</span>
            <span className={styles.tileDetail}>{made ? t(`create.purpose.${made}.detail`) : ''}</span>
          </Radio.Root>
        )
      })}
    </RadioGroup>
  )
}
