// On or off, with its label and, below it, what it does.

import { Checkbox as Base } from '@base-ui/react/checkbox'
import { Check } from 'lucide-react'
import { useId } from 'react'
import type { ReactNode } from 'react'
import styles from './checkbox.module.css'

interface CheckboxProps {
  readonly label: ReactNode
  readonly help?: ReactNode
  readonly checked: boolean
  readonly disabled?: boolean
  readonly onCheckedChange: (checked: boolean) => void
}

export function Checkbox({ label, help, checked, disabled = false, onCheckedChange }: CheckboxProps) {
  const helpId = useId()
  return (
    <div>
      <label className={styles.label}>
        <Base.Root
          className={styles.box}
          checked={checked}
          disabled={disabled}
          onCheckedChange={onCheckedChange}
          aria-describedby={help === undefined ? undefined : helpId}
        >
          <Base.Indicator className={styles.indicator}>
            <Check />
          </Base.Indicator>
        </Base.Root>
        <span className={disabled ? 'muted' : undefined}>{label}</span>
      </label>
      {help !== undefined && (
        <div id={helpId} className={styles.help}>
          {help}
        </div>
      )}
    </div>
  )
}
