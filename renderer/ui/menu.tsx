// Menus: a list of things to do, opened by a button or by the right mouse button.

import { ContextMenu as BaseContext } from '@base-ui/react/context-menu'
import { Menu as Base } from '@base-ui/react/menu'
import { Check } from 'lucide-react'
import type { ReactElement, ReactNode } from 'react'
import popup from './popup.module.css'
import styles from './menu.module.css'

interface MenuItemProps {
  readonly icon?: ReactNode
  readonly title: string
  readonly shortcut?: string | undefined
  /** Why it cannot be chosen now; it stays to be seen. */
  readonly reason?: string | undefined
  readonly onSelect: () => void
}

export function MenuItem({ icon, title, shortcut, reason, onSelect }: MenuItemProps) {
  return (
    <Base.Item className={popup.item} disabled={reason !== undefined} onClick={onSelect} title={reason}>
      {icon ?? <span className={styles.space} />}
      <span>{title}</span>
      {reason !== undefined && <span className="visually-hidden">{reason}</span>}
      {shortcut !== undefined && <kbd className={popup.hint}>{shortcut}</kbd>}
    </Base.Item>
  )
}

interface MenuCheckProps {
  readonly title: string
  readonly checked: boolean
  readonly shortcut?: string | undefined
  readonly onSelect: () => void
}

export function MenuCheck({ title, checked, shortcut, onSelect }: MenuCheckProps) {
  return (
    <Base.CheckboxItem className={popup.item} checked={checked} onCheckedChange={onSelect} closeOnClick>
      <span className={styles.space}>
        <Base.CheckboxItemIndicator>
          <Check />
        </Base.CheckboxItemIndicator>
      </span>
      <span>{title}</span>
      {shortcut !== undefined && <kbd className={popup.hint}>{shortcut}</kbd>}
    </Base.CheckboxItem>
  )
}

interface MenuChoiceProps {
  readonly title: string
  readonly value: string
  readonly items: readonly { readonly value: string; readonly title: string }[]
  readonly onSelect: (value: string) => void
}

/** One of several. */
export function MenuChoice({ title, value, items, onSelect }: MenuChoiceProps) {
  return (
    <Base.RadioGroup value={value} onValueChange={(chosen: unknown) => onSelect(String(chosen))}>
      <Base.GroupLabel className={popup.group}>{title}</Base.GroupLabel>
      {items.map((item) => (
        <Base.RadioItem key={item.value} value={item.value} className={popup.item} closeOnClick>
          <span className={styles.space}>
            <Base.RadioItemIndicator>
              <Check />
            </Base.RadioItemIndicator>
          </span>
          <span>{item.title}</span>
        </Base.RadioItem>
      ))}
    </Base.RadioGroup>
  )
}

export function MenuSeparator() {
  return <Base.Separator className={popup.separator} />
}

interface MenuProps {
  readonly trigger: ReactElement
  readonly children: ReactNode
  readonly align?: 'start' | 'end'
  readonly open?: boolean
  readonly onOpenChange?: (open: boolean) => void
}

export function Menu({ trigger, children, align = 'start', ...state }: MenuProps) {
  return (
    <Base.Root {...state}>
      <Base.Trigger render={trigger} />
      <Base.Portal>
        <Base.Positioner className={popup.positioner} sideOffset={4} align={align}>
          <Base.Popup className={popup.popup}>{children}</Base.Popup>
        </Base.Positioner>
      </Base.Portal>
    </Base.Root>
  )
}

interface ContextMenuProps {
  /** What the menu belongs to. */
  readonly trigger: ReactElement
  readonly children: ReactNode
}

export function ContextMenu({ trigger, children }: ContextMenuProps) {
  return (
    <BaseContext.Root>
      <BaseContext.Trigger render={trigger} />
      <BaseContext.Portal>
        <BaseContext.Positioner className={popup.positioner}>
          <BaseContext.Popup className={popup.popup}>{children}</BaseContext.Popup>
        </BaseContext.Positioner>
      </BaseContext.Portal>
    </BaseContext.Root>
  )
}
