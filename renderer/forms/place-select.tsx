// Where the disk is to run: settles format and options at one stroke.

import { useTranslation } from 'react-i18next'
import { PRESETS } from '../../core/model/index.ts'
import type { FormatFacts, FormatId, OptionValues, PresetId } from '../../core/model/index.ts'
import { Select } from '../ui/select.tsx'
import styles from './forms.module.css'

/** What a place settles. */
export interface Settled {
  readonly preset: PresetId | undefined
  readonly format: FormatId
  readonly options: OptionValues
  readonly compress: boolean
}

interface PlaceSelectProps {
  readonly id: string
  readonly formats: readonly FormatFacts[]
  readonly value: PresetId | undefined
  /** Undefined for any place: format and options stay as they are. */
  readonly onValueChange: (settled: Settled | undefined) => void
}

const ANYWHERE = 'anywhere'

export function PlaceSelect({ id, formats, value, onValueChange }: PlaceSelectProps) {
  const { t } = useTranslation()
  const current = PRESETS.find((preset) => preset.id === value)
  const titleOf = (format: FormatId): string | undefined => formats.find((facts) => facts.format === format)?.title
  return (
    <div>
      <Select<PresetId | typeof ANYWHERE>
        id={id}
        label={t('forms.place')}
        items={[
          { value: ANYWHERE, label: t('forms.anywhere') },
          ...PRESETS.filter(({ format }) => titleOf(format) !== undefined).map(({ id: preset, title, format }) => ({
            value: preset,
            label: title,
            detail: titleOf(format),
          })),
        ]}
        value={value ?? ANYWHERE}
        onValueChange={(chosen) => {
          const preset = PRESETS.find((one) => one.id === chosen)
          onValueChange(
            preset && {
              preset: preset.id,
              format: preset.format,
              options: preset.options,
              compress: preset.compress,
            },
          )
        }}
      />
      <p className={styles.optionHelp}>{current?.reason ?? t('forms.placeHelp')}</p>
    </div>
  )
}
