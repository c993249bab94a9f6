// One of many, found by typing part of its name.

import { Combobox as Base } from '@base-ui/react/combobox'
import { Search, X } from 'lucide-react'
import type { ReactNode, RefObject } from 'react'
import { classNames } from './class-names.ts'
import styles from './combobox.module.css'
import popup from './popup.module.css'

export interface ComboboxItem {
  readonly value: string
  readonly label: string
  readonly icon?: ReactNode
  readonly detail?: string
}

interface ComboboxProps {
  readonly id?: string | undefined
  readonly items: readonly ComboboxItem[]
  readonly value: string | undefined
  readonly onValueChange: (value: string | undefined) => void
  readonly placeholder: string
  readonly clearLabel: string
  readonly emptyText: string
  readonly inputRef?: RefObject<HTMLInputElement | null>
}

/** More are found by typing on; a list of thousands helps nobody. */
const SHOWN_ITEMS = 50

export function Combobox(props: ComboboxProps) {
  const { id, items, value, onValueChange, placeholder, clearLabel, emptyText, inputRef } = props
  return (
    <Base.Root<ComboboxItem>
      items={items}
      limit={SHOWN_ITEMS}
      value={items.find((item) => item.value === value) ?? null}
      onValueChange={(item) => onValueChange(item?.value)}
      isItemEqualToValue={(one, other) => one.value === other.value}
      autoHighlight
    >
      <Base.InputGroup className={styles.group}>
        <Base.Input ref={inputRef} id={id} placeholder={placeholder} className={styles.input} spellCheck={false} />
        <Base.Clear aria-label={clearLabel} title={clearLabel} className={styles.clear}>
          <X className="icon-14" />
        </Base.Clear>
        <Search className="icon-14" aria-hidden="true" />
      </Base.InputGroup>
      <Base.Portal>
        <Base.Positioner className={popup.positioner} sideOffset={4}>
          <Base.Popup className={classNames(popup.popup, styles.popup)}>
            <Base.Empty className={popup.empty}>{emptyText}</Base.Empty>
            <Base.List className={popup.list}>
              {(item: ComboboxItem) => (
                <Base.Item key={item.value} value={item} className={popup.item}>
                  {item.icon}
                  <span className="cut grow">{item.label}</span>
                  {item.detail !== undefined && <span className={popup.hint}>{item.detail}</span>}
                </Base.Item>
              )}
            </Base.List>
          </Base.Popup>
        </Base.Positioner>
      </Base.Portal>
    </Base.Root>
  )
}
