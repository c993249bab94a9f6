// One of a few, chosen from a list that opens.

import { Select as Base } from '@base-ui/react/select'
import { Check, ChevronsUpDown } from 'lucide-react'
import type { ReactNode } from 'react'
import { classNames } from './class-names.ts'
import popup from './popup.module.css'
import styles from './select.module.css'

export interface SelectItem<Value extends string> {
  readonly value: Value
  readonly label: string
  readonly icon?: ReactNode
  /** In muted type at the right. */
  readonly detail?: string | undefined
}

interface SelectProps<Value extends string> {
  readonly id?: string | undefined
  readonly label: string
  readonly items: readonly SelectItem<Value>[]
  readonly value: Value | undefined
  readonly onValueChange: (value: Value) => void
  readonly placeholder?: string
  /** A last line that is not a choice but does something. */
  readonly action?: { readonly label: string; readonly icon?: ReactNode; readonly run: () => void }
  readonly invalid?: boolean
  readonly className?: string | undefined
}

const ACTION = '\0action'

export function Select<Value extends string>(props: SelectProps<Value>) {
  const { id, label, items, value, onValueChange, placeholder, action, invalid, className } = props
  const current = items.find((item) => item.value === value)
  return (
    <Base.Root<string>
      value={value ?? null}
      onValueChange={(chosen) => {
        if (chosen === ACTION) action?.run()
        else if (chosen !== null) onValueChange(chosen as Value)
      }}
    >
      <Base.Trigger
        id={id}
        aria-label={current ? `${label}: ${current.label}` : label}
        aria-invalid={invalid === true ? true : undefined}
        className={classNames(styles.trigger, invalid && styles.invalid, className)}
      >
        {current?.icon}
        <span className="cut grow">{current?.label ?? <span className="muted">{placeholder}</span>}</span>
        {current?.detail !== undefined && <span className={styles.detail}>{current.detail}</span>}
        <ChevronsUpDown className="icon-14" aria-hidden="true" />
      </Base.Trigger>
      <Base.Portal>
        <Base.Positioner className={popup.positioner} sideOffset={4} alignItemWithTrigger={false}>
          <Base.Popup className={classNames(popup.popup, styles.popup)}>
            <Base.List className={popup.list}>
              {items.map((item) => (
                <Base.Item key={item.value} value={item.value} className={popup.item}>
                  {item.icon}
                  <Base.ItemText className="cut grow">{item.label}</Base.ItemText>
                  {item.detail !== undefined && <span className={popup.hint}>{item.detail}</span>}
                  <span className={styles.mark}>
                    <Base.ItemIndicator>
                      <Check className="icon-14" />
                    </Base.ItemIndicator>
                  </span>
                </Base.Item>
              ))}
              {action && items.length > 0 && <Base.Separator className={popup.separator} />}
              {action && (
                <Base.Item value={ACTION} className={popup.item}>
                  {action.icon}
                  <Base.ItemText className="grow">{action.label}</Base.ItemText>
                </Base.Item>
              )}
            </Base.List>
          </Base.Popup>
        </Base.Positioner>
      </Base.Portal>
    </Base.Root>
  )
}
