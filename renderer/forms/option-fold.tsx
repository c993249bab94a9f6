// A format's own options, folded away: most people never need them.

import { useTranslation } from 'react-i18next'
import type { FormatFacts, OptionValue } from '../../core/model/index.ts'
import { Fold } from '../ui/fold.tsx'
import styles from './forms.module.css'
import { OptionField } from './option-field.tsx'

interface OptionFoldProps {
  readonly facts: FormatFacts
  /** Options that have a place of their own in the dialog. */
  readonly without: readonly string[]
  readonly values: Readonly<Record<string, OptionValue>>
  readonly onValueChange: (name: string, value: OptionValue) => void
}

export function OptionFold({ facts, without, values, onValueChange }: OptionFoldProps) {
  const { t } = useTranslation()
  // Fields and ticks stand in rows of their own kind.
  const shown = facts.options
    .filter((option) => option.hidden !== true && !without.includes(option.name))
    .toSorted((one, other) => Number(one.kind === 'boolean') - Number(other.kind === 'boolean'))
  if (shown.length === 0) return null
  return (
    <Fold title={t('forms.advanced')}>
      <div className={styles.options}>
        {shown.map((option) => (
          <OptionField
            // Another format may have another option of the same name.
            key={`${facts.format} ${option.name}`}
            option={option}
            value={values[option.name] ?? option.default}
            onValueChange={(value) => onValueChange(option.name, value)}
          />
        ))}
      </div>
    </Fold>
  )
}
