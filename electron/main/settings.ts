// What Spindle remembers between runs. A file that cannot be read is set aside, never overwritten, and said so.

import { existsSync, renameSync } from 'node:fs'
import { join } from 'node:path'
import Conf from 'conf'
import { z } from 'zod'
import type { Settings } from '../contract/data.ts'
import { SpindleError } from '../../core/model/index.ts'
import { shortPath } from './paths.ts'
import type { AllowedFile } from '../../core/model/index.ts'
import { settingsSchema } from './requests.ts'

const DEFAULTS: Settings = {
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
}

/** Keys of a newer Spindle are let through, so that going back a version loses nothing. */
const storedSettings = z.object({
  settings: settingsSchema.partial().loose().optional(),
  places: z.array(z.string()).optional(),
  allowed: z.array(z.object({ image: z.string(), file: z.string() })).optional(),
})

const windowPlace = z.object({
  x: z.int(),
  y: z.int(),
  width: z.int().positive(),
  height: z.int().positive(),
  maximized: z.boolean(),
})
export type WindowPlace = z.infer<typeof windowPlace>

/** One JSON file, read once and checked, written whole and at once. */
class Store<Content extends Record<string, unknown>> {
  /** One sentence, when the file could not be read. */
  readonly problem: string | undefined
  readonly content: Content
  readonly #folder: string
  readonly #name: string

  constructor(folder: string, name: string, schema: z.ZodType<Content>, empty: Content) {
    this.#folder = folder
    this.#name = name
    try {
      this.content = schema.parse(this.#conf().store)
    } catch {
      this.content = empty
      this.problem = this.#setAside()
    }
  }

  save(change: Partial<Content>): void {
    try {
      const conf = this.#conf()
      for (const [key, value] of Object.entries(change)) conf.set(key, value)
    } catch (cause) {
      throw new SpindleError(
        'io',
        `Spindle could not write ${this.#file()}, so this will be forgotten when it is closed. Is the folder writable, and is there room?`,
        { cause },
      )
    }
  }

  #conf(): Conf {
    return new Conf({
      cwd: this.#folder,
      configName: this.#name,
      configFileMode: 0o600,
      accessPropertiesByDotNotation: false,
    })
  }

  #file(): string {
    return shortPath(this.#path())
  }

  #path(): string {
    return join(this.#folder, `${this.#name}.json`)
  }

  #setAside(): string {
    const aside = freeName(join(this.#folder, `${this.#name}.broken`))
    try {
      renameSync(this.#path(), aside)
      return `${this.#file()} could not be read. It is kept as ${shortPath(aside)}, and Spindle starts with its defaults.`
    } catch {
      return `${this.#file()} could not be read, so Spindle starts with its defaults. The file was left as it is.`
    }
  }
}

function freeName(stem: string): string {
  for (let number = 1; ; number++) {
    const path = `${stem}-${number}.json`
    if (!existsSync(path)) return path
  }
}

export class SettingsStore {
  readonly #store: Store<z.infer<typeof storedSettings>>
  #settings: Settings
  #places: readonly string[]
  #allowed: readonly AllowedFile[]

  constructor(folder: string) {
    this.#store = new Store(folder, 'settings', storedSettings, {})
    this.#settings = pickSettings(this.#store.content.settings)
    this.#places = this.#store.content.places ?? []
    this.#allowed = this.#store.content.allowed ?? []
  }

  get problem(): string | undefined {
    return this.#store.problem
  }

  get settings(): Settings {
    return this.#settings
  }

  /** Absolute paths of the library's places, in the order they were added. */
  get places(): readonly string[] {
    return this.#places
  }

  /** Holds for this run even when it cannot be written, which is thrown. */
  change(change: Partial<Settings>): Settings {
    this.#settings = { ...this.#settings, ...change }
    this.#store.save({ settings: { ...this.#store.content.settings, ...this.#settings } })
    return this.#settings
  }

  /** Files outside their own folder that the user lets images use. */
  get allowed(): readonly AllowedFile[] {
    return this.#allowed
  }

  /** Holds for this run even when it cannot be written, which is thrown. */
  allow(file: AllowedFile): void {
    this.#allowed = [...this.#allowed, file]
    this.#store.save({ allowed: [...this.#allowed] })
  }

  setPlaces(places: readonly string[]): void {
    this.#places = places
    this.#store.save({ places: [...places] })
  }
}

function pickSettings(stored: z.infer<typeof storedSettings>['settings'] = {}): Settings {
  const names = Object.keys(DEFAULTS) as (keyof Settings)[]
  const known = names.filter((name) => stored[name] !== undefined).map((name) => [name, stored[name]])
  return { ...DEFAULTS, ...Object.fromEntries(known) }
}

export class WindowStore {
  readonly #store: Store<{ window?: WindowPlace | undefined }>

  constructor(folder: string) {
    this.#store = new Store(folder, 'window', z.object({ window: windowPlace.optional() }), {})
  }

  get place(): WindowPlace | undefined {
    return this.#store.content.window
  }

  /** A place that cannot be kept is no reason to hold up a closing window. */
  keep(window: WindowPlace): void {
    try {
      this.#store.save({ window })
    } catch {
      return
    }
  }
}
