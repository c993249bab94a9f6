// `Menu`: kept and clicked by id; the stand-in draws no native menus and registers no accelerators.

import type { MenuItemConstructorOptions } from 'electron'
import { BrowserWindow } from './browser-window.ts'

type Click = (item: MenuItem, window: BrowserWindow | undefined, event: object) => void

export class MenuItem {
  readonly id: string
  readonly label: string
  readonly type: string
  readonly role: string | undefined
  readonly accelerator: string | undefined
  readonly submenu: Menu | undefined
  enabled: boolean
  visible: boolean
  checked: boolean
  readonly click: (event?: object) => void

  constructor(options: MenuItemConstructorOptions) {
    const { submenu, click } = options
    this.id = options.id ?? ''
    this.label = options.label ?? ''
    this.type = options.type ?? (submenu ? 'submenu' : 'normal')
    this.role = options.role
    this.accelerator = options.accelerator ?? undefined
    this.enabled = options.enabled ?? true
    this.visible = options.visible ?? true
    this.checked = options.checked ?? false
    this.submenu = Array.isArray(submenu) ? Menu.buildFromTemplate(submenu) : undefined
    this.click = (event = {}) => {
      if (this.type === 'checkbox') this.checked = !this.checked
      ;(click as Click | undefined)?.(this, BrowserWindow.getFocusedWindow() ?? undefined, event)
    }
  }
}

export class Menu {
  static #application: Menu | null = null
  readonly items: MenuItem[] = []

  static setApplicationMenu(menu: Menu | null): void {
    Menu.#application = menu
  }

  static getApplicationMenu(): Menu | null {
    return Menu.#application
  }

  static buildFromTemplate(template: readonly MenuItemConstructorOptions[]): Menu {
    const menu = new Menu()
    for (const options of template) menu.append(new MenuItem(options))
    return menu
  }

  append(item: MenuItem): void {
    this.items.push(item)
  }

  getMenuItemById(id: string): MenuItem | null {
    for (const item of this.items) {
      const found = item.id === id ? item : item.submenu?.getMenuItemById(id)
      if (found) return found
    }
    return null
  }
}
