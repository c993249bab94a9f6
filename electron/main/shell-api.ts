// Main's own part of the page's API: the library's places, the system's dialogs, the clipboard, the settings.

import { basename, dirname } from 'node:path'
import { clipboard, dialog, shell, type OpenDialogOptions } from 'electron'
import type { TFunction } from 'i18next'
import type { Overview } from '../contract/data.ts'
import type { ShellApi } from '../contract/api.ts'
import type { Engine, ErrorData } from '../../core/model/index.ts'
import type { Grants } from './grants.ts'
import type { Granting } from './granting.ts'
import type { JobMirror } from './job-mirror.ts'
import type { EmitToPage, LibraryMirror } from './library-mirror.ts'
import type { SettingsStore } from './settings.ts'
import { applyTheme, type Windows } from './windows.ts'
import { allowOutside } from './outside.ts'

export interface ShellParts {
  readonly engine: Engine
  readonly grants: Grants
  readonly granting: Granting
  readonly library: LibraryMirror
  readonly jobs: JobMirror
  readonly settings: SettingsStore
  readonly windows: Windows
  readonly words: TFunction
  readonly emit: EmitToPage
  /** The page has asked for everything, so it listens by now. */
  readonly onOverview: () => void
  /** What went wrong before; each is told once. */
  readonly takeProblems: () => readonly ErrorData[]
}

export function createShellApi(parts: ShellParts): ShellApi {
  const { engine, grants, granting, library, jobs, settings, windows, words, emit, onOverview, takeProblems } = parts

  async function ask(options: OpenDialogOptions): Promise<readonly string[]> {
    const { window } = windows
    const { canceled, filePaths } = await (window
      ? dialog.showOpenDialog(window, options)
      : dialog.showOpenDialog(options))
    return canceled ? [] : filePaths
  }

  /** Kept only once the engine has taken them, so that a failure leaves both as they were. */
  async function setPlaces(places: readonly string[]): Promise<void> {
    await engine.setPlaces(places)
    settings.setPlaces(places)
  }

  return {
    overview: async () => {
      setImmediate(onOverview)
      return {
        places: library.places,
        volumeCount: library.volumeCount,
        jobs: jobs.list(),
        settings: settings.settings,
        problems: takeProblems(),
        platform: process.platform as Overview['platform'],
      }
    },
    volumes: async (start) => library.volumes(start),
    chooseFolder: async () => {
      const [path] = await ask({
        title: words('dialog.chooseFolder'),
        properties: ['openDirectory', 'createDirectory'],
      })
      return path === undefined ? null : granting.folder(path)
    },
    chooseFiles: async () => {
      const paths = await ask({ title: words('dialog.chooseFiles'), properties: ['openFile', 'multiSelections'] })
      return granting.all(paths.map((path) => ({ name: basename(path), path })))
    },
    folder: async (id) => granting.folder(grants.folderPath(id)),
    folderOf: async (volume) => granting.folder(dirname(grants.volumePath(volume))),
    addToLibrary: async (items) => {
      const shown = (path: string): boolean => settings.places.includes(path) || library.find(path) !== undefined
      const added = new Set(items.map((id) => grants.anyPath(id)).filter((path) => !shown(path)))
      if (added.size > 0) await setPlaces([...settings.places, ...added])
    },
    removePlace: async (id) => {
      const path = grants.placePath(id)
      await setPlaces(settings.places.filter((place) => place !== path))
    },
    allowOutside: async (volume) =>
      allowOutside(grants.volumePath(volume), {
        engine,
        settings,
        words,
        ask: async (options) => {
          const { window } = windows
          const { response } = await (window ? dialog.showMessageBox(window, options) : dialog.showMessageBox(options))
          return response
        },
      }),
    showInFolder: async (volume) => shell.showItemInFolder(grants.volumePath(volume)),
    copyText: async (text) => clipboard.writeText(text),
    saveSettings: async (change) => {
      const { theme } = change
      try {
        return settings.change(change)
      } finally {
        // Also when it could not be written: it holds for as long as Spindle runs.
        if (theme !== undefined) applyTheme(theme)
        emit('settings', settings.settings)
      }
    },
  }
}
