// `app`: the application's life, its paths, and its single instance.

import { EventEmitter } from 'node:events'
import { existsSync, mkdirSync } from 'node:fs'
import { homedir, tmpdir } from 'node:os'
import { join } from 'node:path'
import { SingleInstance } from './single-instance.ts'
import { preventable, runtime } from './runtime.ts'

const ready = Promise.withResolvers<void>()
let isReady = false

class App extends EventEmitter {
  name = runtime.manifest.productName ?? runtime.manifest.name ?? 'Electron'
  readonly isPackaged = false
  readonly commandLine = {
    appendSwitch: (name: string, value = ''): void => void runtime.switches.set(name, value),
    hasSwitch: (name: string): boolean => runtime.switches.has(name),
    removeSwitch: (name: string): void => void runtime.switches.delete(name),
    getSwitchValue: (name: string): string => runtime.switches.get(name) ?? '',
  }
  readonly #paths = new Map<string, string>()
  #instance: SingleInstance | undefined

  isReady(): boolean {
    return isReady
  }

  whenReady(): Promise<void> {
    return ready.promise
  }

  getName(): string {
    return this.name
  }

  setName(name: string): void {
    this.name = name
  }

  getVersion(): string {
    return runtime.manifest.version ?? '0.0.0'
  }

  getAppPath(): string {
    return runtime.appPath
  }

  getLocale(): string {
    return 'en-US'
  }

  enableSandbox(): void {
    // Chromium's pages always are, but for root's
  }

  setPath(name: string, path: string): void {
    if (!existsSync(path)) throw new Error(`Failed to set path: ${path} does not exist`)
    this.#paths.set(name, path)
  }

  getPath(name: string): string {
    const path = this.#paths.get(name) ?? this.#usualPath(name)
    if (path === undefined) throw new Error(`Failed to get '${name}' path`)
    return path
  }

  #usualPath(name: string): string | undefined {
    switch (name) {
      case 'home':
        return homedir()
      case 'temp':
        return tmpdir()
      case 'exe':
        return process.execPath
      case 'appData':
        return process.env['XDG_CONFIG_HOME'] ?? join(homedir(), '.config')
      case 'userData':
        return runtime.switches.get('user-data-dir') ?? join(this.getPath('appData'), this.name)
      case 'sessionData':
        return this.getPath('userData')
      default:
        return undefined
    }
  }

  requestSingleInstanceLock(): boolean {
    if (this.#instance) return true
    const folder = this.getPath('userData')
    mkdirSync(folder, { recursive: true })
    this.#instance = SingleInstance.first(folder, (argv, workingFolder) =>
      this.emit('second-instance', {}, argv, workingFolder, undefined),
    )
    return this.#instance !== undefined
  }

  hasSingleInstanceLock(): boolean {
    return this.#instance !== undefined
  }

  releaseSingleInstanceLock(): void {
    this.#instance?.release()
    this.#instance = undefined
  }

  quit(): void {
    if (runtime.quitting) return
    const before = preventable({})
    this.emit('before-quit', before)
    if (before.defaultPrevented) return
    runtime.quitting = true
    for (const window of runtime.windows.values()) window.close()
    const will = preventable({})
    if (runtime.windows.size === 0) this.emit('will-quit', will)
    // A window, or the app at the last moment, refused.
    if (runtime.windows.size > 0 || will.defaultPrevented) runtime.quitting = false
    else this.exit(0)
  }

  exit(code = 0): void {
    runtime.quitting = true
    this.emit('quit', {}, code)
    this.releaseSingleInstanceLock()
    void Promise.resolve(runtime.browser?.close()).finally(() => process.exit(code))
  }
}

export const app = new App()

/** Called by the launcher once windows can be opened. */
export function becomeReady(): void {
  isReady = true
  ready.resolve()
  app.emit('ready', {}, {})
}
