// Commands about the window itself: panels, theme, density, focus.

import {
  ChevronLeft,
  Ellipsis,
  Keyboard,
  Monitor,
  Moon,
  PanelLeft,
  PanelRight,
  Rows4,
  Search,
  Settings2,
  SquareTerminal,
  Sun,
} from 'lucide-react'
import type { Settings } from '../../electron/contract/data.ts'
import { openDialog } from '../state/dialogs.ts'
import { requestFocus, requestFocusSoon } from '../state/focus.ts'
import { usePanels } from '../state/panels.ts'
import { changeSettings, useSettings } from '../state/settings.ts'
import { showLibrary, showPage, useView } from '../state/view.ts'
import type { Command } from './command.ts'

function settings(): Settings {
  return useSettings.getState().settings
}

export const viewCommands = [
  {
    id: 'view.library',
    title: 'command.backToLibrary',
    icon: ChevronLeft,
    shortcut: 'Alt+ArrowLeft',
    unavailable: () => (useView.getState().page.kind === 'library' ? 'command.inLibrary' : undefined),
    run: () => {
      showLibrary()
      requestFocusSoon('table')
    },
  },
  {
    id: 'view.filter',
    title: 'command.filter',
    icon: Search,
    shortcut: '$mod+F',
    run: () => requestFocus('filter'),
  },
  {
    id: 'view.sidebar',
    title: 'command.sidebar',
    icon: PanelLeft,
    shortcut: 'F9',
    checked: () => settings().sidebarOpen,
    run: () => changeSettings({ sidebarOpen: !settings().sidebarOpen }),
  },
  {
    id: 'view.inspector',
    title: 'command.inspector',
    icon: PanelRight,
    shortcut: '$mod+I',
    checked: () => settings().inspectorOpen,
    run: () => changeSettings({ inspectorOpen: !settings().inspectorOpen }),
  },
  {
    id: 'view.palette',
    title: 'command.palette',
    icon: SquareTerminal,
    shortcut: '$mod+K',
    run: () => openDialog({ kind: 'palette' }),
  },
  {
    id: 'view.settings',
    title: 'command.settings',
    icon: Settings2,
    shortcut: '$mod+,',
    run: () => showPage('settings'),
  },
  {
    id: 'view.shortcuts',
    title: 'command.shortcuts',
    icon: Keyboard,
    shortcut: 'F1',
    otherShortcut: '$mod+Shift+?',
    run: () => openDialog({ kind: 'shortcuts' }),
  },
  {
    id: 'view.main-menu',
    title: 'command.mainMenu',
    icon: Ellipsis,
    shortcut: 'F10',
    run: () => usePanels.setState({ mainMenu: true }),
  },
  {
    id: 'view.compact',
    title: 'command.compact',
    icon: Rows4,
    checked: () => settings().density === 'compact',
    run: () => changeSettings({ density: settings().density === 'compact' ? 'comfortable' : 'compact' }),
  },
  {
    id: 'view.theme-system',
    title: 'command.themeSystem',
    icon: Monitor,
    checked: () => settings().theme === 'system',
    run: () => changeSettings({ theme: 'system' }),
  },
  {
    id: 'view.theme-light',
    title: 'command.themeLight',
    icon: Sun,
    checked: () => settings().theme === 'light',
    run: () => changeSettings({ theme: 'light' }),
  },
  {
    id: 'view.theme-dark',
    title: 'command.themeDark',
    icon: Moon,
    checked: () => settings().theme === 'dark',
    run: () => changeSettings({ theme: 'dark' }),
  },
] as const satisfies readonly Command[]
