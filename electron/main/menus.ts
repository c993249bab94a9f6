// The application's menu. Its items ask the page to run one of its commands; the page alone listens for their keys.

import type { MenuItemConstructorOptions } from 'electron'
import type { TFunction } from 'i18next'

export interface MenuOptions {
  readonly platform: NodeJS.Platform
  readonly words: TFunction
  readonly command: (id: string) => void
  readonly quit: () => void
}

export function menuTemplate({ platform, words, command, quit }: MenuOptions): MenuItemConstructorOptions[] {
  const mac = platform === 'darwin'
  const item = (id: string, label: string, accelerator?: string): MenuItemConstructorOptions => ({
    id,
    label,
    // Shown, not registered: in a text field or a dialog the same keys mean something else, which only the page knows.
    ...(accelerator !== undefined && { accelerator, registerAccelerator: false }),
    click: () => command(id),
  })
  const separator: MenuItemConstructorOptions = { type: 'separator' }
  const quitItem: MenuItemConstructorOptions = {
    id: 'quit',
    label: words('menu.quit'),
    accelerator: 'CmdOrCtrl+Q',
    click: quit,
  }
  const applicationMenu: MenuItemConstructorOptions = {
    role: 'appMenu',
    submenu: [{ role: 'about' }, separator, { role: 'services' }, separator, { role: 'hide' }, separator, quitItem],
  }
  return [
    ...(mac ? [applicationMenu] : []),
    {
      label: words('menu.file'),
      submenu: [
        item('volume.create', words('menu.newVolume'), 'CmdOrCtrl+N'),
        item('library.open-files', words('menu.openFiles'), 'CmdOrCtrl+O'),
        item('library.add-location', words('menu.addLocation'), 'CmdOrCtrl+Shift+O'),
        separator,
        item('volume.convert', words('menu.convert'), 'CmdOrCtrl+E'),
        separator,
        item('view.settings', words('menu.settings'), 'CmdOrCtrl+,'),
        ...(mac ? [] : [separator, quitItem]),
      ],
    },
    { role: 'editMenu', label: words('menu.edit') },
    {
      label: words('menu.volume'),
      submenu: [
        item('volume.open', words('menu.open')),
        item('volume.snapshots', words('menu.snapshots'), 'Alt+3'),
        item('volume.health', words('menu.health'), 'Alt+5'),
        separator,
        item('volume.take-snapshot', words('menu.takeSnapshot'), 'CmdOrCtrl+Shift+S'),
        item('volume.resize', words('menu.resize')),
        item('volume.check', words('menu.check')),
        item('volume.compare', words('menu.compare')),
        separator,
        item('volume.commit', words('menu.commit')),
        item('volume.flatten', words('menu.flatten')),
        item('volume.rebase', words('menu.rebase')),
        separator,
        item('volume.undo', words('menu.undo')),
      ],
    },
    {
      label: words('menu.view'),
      submenu: [
        item('view.palette', words('menu.palette'), 'CmdOrCtrl+K'),
        item('view.filter', words('menu.filter'), 'CmdOrCtrl+F'),
        item('library.rescan', words('menu.rescan'), 'F5'),
        separator,
        item('view.sidebar', words('menu.sidebar'), 'F9'),
        item('view.inspector', words('menu.inspector'), 'CmdOrCtrl+I'),
        item('jobs.show', words('menu.jobs'), 'CmdOrCtrl+J'),
        separator,
        { role: 'togglefullscreen' },
      ],
    },
    { role: 'windowMenu', label: words('menu.window') },
    { label: words('menu.help'), submenu: [item('view.shortcuts', words('menu.shortcuts'), 'F1')] },
  ]
}
