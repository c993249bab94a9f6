// The ways of allocating with what each takes now and at most: a choice between numbers.

import { Radio } from '@base-ui/react/radio'
import { RadioGroup } from '@base-ui/react/radio-group'
import { useTranslation } from 'react-i18next'
import type { ChoiceOption } from '../../../core/model/index.ts'
import { sizeText } from '../../state/text.ts'
import styles from './create.module.css'
import type { Prediction, Predictions } from './use-predictions.ts'

interface AllocationTableProps {
  readonly option: ChoiceOption
  readonly value: string
  readonly predictions: Predictions
  readonly onValueChange: (value: string) => void
}

export function AllocationTable({ option, value, predictions, onValueChange }: AllocationTableProps) {
  const { t } = useTranslation()
  return (
    <div className={styles.choices}>
      <div className={styles.choicesHead} aria-hidden="true">
        <span />
        <span />
        <span className="number">{t('create.now')}</span>
        <span className="number">{t('create.atMost')}</span>
      </div>
      <RadioGroup aria-label={option.title} value={value} onValueChange={onValueChange}>
        {option.choices.map((choice) => {
          const prediction = predictions.get(choice.value)
          const reason = prediction?.kind === 'refused' && value !== choice.value ? prediction.error.message : undefined
          const [now, most] = figures(prediction)
          return (
            <Radio.Root
              key={choice.value}
              value={choice.value}
              className={styles.choice}
              disabled={reason !== undefined}
              title={reason}
              aria-label={t('create.allocationSpoken', { title: choice.title, now, most })}
            >
              <span className={styles.radio} />
              <span className="cut">{choice.title}</span>
              <span className="number">{now}</span>
              <span className="number">{most}</span>
            </Radio.Root>
          )
        })}
      </RadioGroup>
    </div>
  )
}

function figures(prediction: Prediction | undefined): readonly [string, string] {
  if (prediction?.kind !== 'known') return ['–', '–']
  return [sizeText(prediction.sizes.now), sizeText(prediction.sizes.atMost)]
}
