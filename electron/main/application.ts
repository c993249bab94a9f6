// Puts main's parts together: one engine, one window, and the API between them.

import { join } from 'node:path'
import { Menu, Notification, app, dialog, ipcMain, protocol } from 'electron'
import { WIRES } from '../contract/messages.ts'
import { assertNever, type ErrorData } from '../../core/model/index.ts'
import type { EngineEvent } from '../contract/engine-port.ts'
import { createEngineApi } from './engine-api.ts'
import { EngineHost } from './engine-host.ts'
import { Granting } from './granting.ts'
import { Grants } from './grants.ts'
import { JobMirror } from './job-mirror.ts'
import { JobSignals } from './job-signals.ts'
import { LibraryMirror } from './library-mirror.ts'
import { menuTemplate } from './menus.ts'
import { pageFiles } from './page-files.ts'
import type { Folders } from './paths.ts'
import { Quitting } from './quit.ts'
import { PAGE_SCHEME, createRouter } from './router.ts'
import { SettingsStore, WindowStore } from './settings.ts'
import { createShellApi } from './shell-api.ts'
import { Windows, applyTheme, closeSession } from './windows.ts'
import { loadWords } from './words.ts'

/** The folder that holds what the build made: `main`, `preload`, `renderer`, `engine`. */
const built = join(import.meta.dirname, '..')

export class Application {
  readonly #words = loadWords(app.getLocale())
  readonly #settings: SettingsStore
  readonly #windows: Windows
  readonly #grants = new Grants()
  readonly #library: LibraryMirror
  readonly #jobs: JobMirror
  readonly #signals: JobSignals
  readonly #host: EngineHost
  readonly #granting: Granting
  readonly #quitting: Quitting
  /** Files to open that the page has not been told of. */
  #toOpen: readonly string[] = []
  #pageListens = false
  /** What the page has not been told of. */
  #problems: readonly ErrorData[] = []

  constructor(folders: Folders) {
    this.#settings = new SettingsStore(folders.config)
    this.#quitting = new Quitting({
      unfinishedJobs: () => this.#jobs.unfinished().length,
      ask: (jobCount) => this.#askToStop(jobCount),
      stop: () => this.#host.stop(),
      quit: () => app.quit(),
    })
    this.#windows = new Windows({
      preload: join(built, 'preload/preload.cjs'),
      icon: join(built, 'main/icon.png'),
      developing: !app.isPackaged,
      store: new WindowStore(folders.state),
      mayClose: () => this.#mayCloseWindow(),
      onBroken: (reason) => {
        dialog.showErrorBox(this.#words('window.broken'), this.#words('window.reinstall', { reason }))
        this.stopNow()
      },
    })
    const { emit } = this.#windows
    this.#library = new LibraryMirror(this.#grants, emit)
    this.#jobs = new JobMirror(this.#grants, emit)
    this.#signals = new JobSignals({
      window: () => this.#windows.window,
      words: this.#words,
      notify: (title, body) => this.#notify(title, body),
    })
    this.#host = new EngineHost({
      worker: join(built, 'engine/engine.js'),
      data: { journal: join(folders.state, 'jobs.jsonl') },
      onEvent: (event) => this.#engineSays(event),
      onDeath: (error, restarted) => this.#engineDied(error, restarted),
    })
    this.#granting = new Granting(this.#host.engine, this.#grants)
  }

  /** To be called once Electron is ready. */
  start(): void {
    applyTheme(this.#settings.settings.theme)
    closeSession()
    protocol.handle(PAGE_SCHEME, pageFiles(join(built, 'renderer')))
    this.#answerPage()
    Menu.setApplicationMenu(
      Menu.buildFromTemplate(
        menuTemplate({
          platform: process.platform,
          words: this.#words,
          command: (id) => this.#windows.emit('command', id),
          quit: () => void this.#quitting.request(),
        }),
      ),
    )
    this.show()
    this.#lookAtPlaces()
    this.#tellOfBrokenSettings()
  }

  show(): void {
    if (!this.#windows.window) this.#pageListens = false
    this.#windows.show()
  }

  /** Files the user opened from outside. */
  open(paths: readonly string[]): void {
    this.#toOpen = [...this.#toOpen, ...paths]
    if (this.#pageListens) void this.#tellOfOpened()
  }

  /** True when Electron may quit now; otherwise it will be asked to once everything has stopped. */
  mayQuit(): boolean {
    if (!this.#quitting.ready) void this.#quitting.request()
    return this.#quitting.ready
  }

  /** Stops what runs and quits, without asking. */
  stopNow(): void {
    void this.#quitting.now()
  }

  #answerPage(): void {
    const router = createRouter({
      api: {
        ...createEngineApi(this.#host.engine, this.#grants, this.#jobs),
        ...createShellApi({
          engine: this.#host.engine,
          grants: this.#grants,
          granting: this.#granting,
          library: this.#library,
          jobs: this.#jobs,
          settings: this.#settings,
          windows: this.#windows,
          words: this.#words,
          emit: this.#windows.emit,
          takeProblems: () => {
            const problems = this.#problems
            this.#problems = []
            return problems
          },
          onOverview: () => {
            this.#pageListens = true
            void this.#tellOfOpened()
          },
        }),
      },
      grant: (files) => this.#granting.all(files),
    })
    ipcMain.handle(WIRES.request, (event, message: unknown) =>
      router.request(this.#windows.describeSender(event), message),
    )
    ipcMain.handle(WIRES.grant, (event, message: unknown) => router.grant(this.#windows.describeSender(event), message))
  }

  #engineSays(event: EngineEvent): void {
    switch (event.name) {
      case 'job':
        this.#signals.update(this.#jobs.receive(event.value), this.#jobs.list())
        return
      case 'jobDismissed':
        this.#jobs.dismissed(event.value)
        return
      case 'library':
        this.#library.receive(event.value)
        return
      case 'problem':
        this.#tellOfProblem(event.value)
        return
      default:
        assertNever(event)
    }
  }

  #notify(title: string, body: string): void {
    if (!Notification.isSupported()) return
    const notification = new Notification({ title, body })
    notification.on('click', () => this.show())
    notification.show()
  }

  #tellOfProblem(problem: ErrorData): void {
    if (this.#pageListens) this.#windows.emit('problem', problem)
    else this.#problems = [...this.#problems, problem]
  }

  #engineDied(error: ErrorData, restarted: boolean): void {
    this.#jobs.engineDied(error)
    this.#library.clear()
    this.#windows.emit('engineRestarted', error)
    if (restarted) this.#lookAtPlaces()
  }

  #lookAtPlaces(): void {
    // Only a dying engine refuses, and that is told by `engineRestarted`.
    this.#host.engine.setAllowed(this.#settings.allowed).catch(() => undefined)
    this.#host.engine.setPlaces(this.#settings.places).catch(() => undefined)
  }

  async #tellOfOpened(): Promise<void> {
    const paths = this.#toOpen
    this.#toOpen = []
    if (paths.length === 0) return
    this.#windows.emit('opened', await this.#granting.all(paths.map((path) => ({ name: '', path }))))
  }

  #mayCloseWindow(): boolean {
    // On a Mac an application without windows goes on; elsewhere its last window takes it along.
    if (process.platform === 'darwin') return true
    return this.mayQuit()
  }

  async #askToStop(jobCount: number): Promise<boolean> {
    const options = {
      type: 'question' as const,
      message: this.#words('quit.message', { count: jobCount }),
      detail: this.#words('quit.detail'),
      buttons: [this.#words('quit.stop'), this.#words('quit.stay')],
      defaultId: 1,
      cancelId: 1,
    }
    const { window } = this.#windows
    const { response } = await (window ? dialog.showMessageBox(window, options) : dialog.showMessageBox(options))
    return response === 0
  }

  #tellOfBrokenSettings(): void {
    const { problem } = this.#settings
    const { window } = this.#windows
    if (problem === undefined || !window) return
    const options = { type: 'warning' as const, message: this.#words('settings.broken'), detail: problem }
    window.once('show', () => void dialog.showMessageBox(window, options))
  }
}
