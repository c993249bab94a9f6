// Four steps from weak to strong, and the word for it.

import { useTranslation } from 'react-i18next'
import { classNames } from '../ui/class-names.ts'
import styles from './forms.module.css'
import type { Strength } from './strength.ts'

const STEPS = ['weak', 'fair', 'good', 'strong'] as const

export function StrengthMeter({ id, strength }: { readonly id: string; readonly strength: Strength }) {
  const { t } = useTranslation()
  const reached = strength === 'none' ? 0 : STEPS.indexOf(strength) + 1
  return (
    <div className={styles.strength} data-strength={strength}>
      <span className={styles.steps} aria-hidden="true">
        {STEPS.map((step, index) => (
          <span key={step} className={classNames(styles.step, index < reached && styles.reached)} />
        ))}
      </span>
      <span id={id} role="status" className={styles.strengthWord}>
        {t(`lock.strength.${strength}`)}
      </span>
    </div>
  )
}
