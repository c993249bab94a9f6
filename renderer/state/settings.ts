// What the user chose and the app remembers; main keeps it, the page shows and changes it.

import { create } from 'zustand'
import type { Overview, Settings } from '../../electron/contract/data.ts'
import { api } from './api.ts'
import { tell } from './notices.ts'

interface SettingsState {
  readonly settings: Settings
  readonly platform: Overview['platform']
}

export const useSettings = create<SettingsState>()(() => ({
  settings: {
    theme: 'system',
    density: 'comfortable',
    sidebarOpen: true,
    inspectorOpen: true,
    verifyConversions: true,
    keepUndo: true,
    newFormat: 'qcow2',
    hiddenColumns: [],
    trashDays: 14,
    sort: { column: 'name', descending: false },
  },
  platform: 'linux',
}))

/** Shown at once; main's answer is the truth. */
export function changeSettings(change: Partial<Settings>): void {
  useSettings.setState((state) => ({ settings: { ...state.settings, ...change } }))
  api.saveSettings(change).then((settings) => useSettings.setState({ settings }), tell)
}
