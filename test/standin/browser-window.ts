// `BrowserWindow`: a window of Chromium's, with a page in it.

import { EventEmitter } from 'node:events'
import type { BrowserWindowConstructorOptions, Rectangle } from 'electron'
import { app } from './app.ts'
import { browser, preventable, runtime } from './runtime.ts'
import { WebContents } from './web-contents.ts'

type WindowState = 'normal' | 'minimized' | 'maximized' | 'fullscreen'

const USUAL = { width: 800, height: 600 }

export class BrowserWindow extends EventEmitter {
  static readonly #all = new Map<number, BrowserWindow>()
  static #nextId = 1

  static getAllWindows(): BrowserWindow[] {
    return [...BrowserWindow.#all.values()]
  }

  static fromId(id: number): BrowserWindow | null {
    return BrowserWindow.#all.get(id) ?? null
  }

  static fromWebContents(contents: WebContents): BrowserWindow | null {
    return BrowserWindow.getAllWindows().find((window) => window.webContents === contents) ?? null
  }

  /** The newest that is to be seen: the stand-in does not hear which one has the keyboard. */
  static getFocusedWindow(): BrowserWindow | null {
    return BrowserWindow.getAllWindows().findLast((window) => window.isVisible()) ?? null
  }

  readonly id = BrowserWindow.#nextId++
  readonly webContents: WebContents
  #title: string
  #visible: boolean
  #bounds: Rectangle
  #state: WindowState = 'normal'
  #ready = false

  constructor(options: BrowserWindowConstructorOptions = {}) {
    super()
    if (!app.isReady()) throw new Error('Cannot create BrowserWindow before app is ready')
    const { width = USUAL.width, height = USUAL.height, x = 0, y = 0 } = options
    this.#title = options.title ?? app.name
    this.#visible = options.show !== false
    this.#bounds = { x, y, width, height }
    BrowserWindow.#all.set(this.id, this)
    runtime.windows.set(this.id, this)
    this.webContents = new WebContents(options, {
      size: { width, height },
      title: this.#title,
      onLoaded: () => this.#onLoaded(),
      onGone: () => this.#onGone(),
    })
    app.emit('web-contents-created', {}, this.webContents)
    app.emit('browser-window-created', {}, this)
  }

  loadURL(url: string): Promise<void> {
    return this.webContents.loadURL(url)
  }

  close(): void {
    const event = preventable({})
    this.emit('close', event)
    if (!event.defaultPrevented) this.destroy()
  }

  destroy(): void {
    const { webContents } = this
    void WebContents.attached(webContents)
      .then(() => browser().cdp.send('Target.closeTarget', { targetId: WebContents.target(webContents) }))
      .catch(() => undefined)
    WebContents.end(webContents)
  }

  isDestroyed(): boolean {
    return !BrowserWindow.#all.has(this.id)
  }

  show(): void {
    this.#visible = true
    this.emit('show')
  }

  hide(): void {
    this.#visible = false
    this.emit('hide')
  }

  isVisible(): boolean {
    return this.#visible
  }

  focus(): void {
    void WebContents.attached(this.webContents)
      .then((cdp) => cdp.send('Page.bringToFront'))
      .catch(() => undefined)
    this.emit('focus')
  }

  isFocused(): boolean {
    return BrowserWindow.getFocusedWindow() === this
  }

  /** There is no taskbar to show it on. */
  setProgressBar(_part: number): void {}

  getTitle(): string {
    return this.#title
  }

  setTitle(title: string): void {
    this.#title = title
    void this.webContents.executeJavaScript(`document.title = ${JSON.stringify(title)}`).catch(() => undefined)
  }

  getBounds(): Rectangle {
    return { ...this.#bounds }
  }

  getNormalBounds(): Rectangle {
    return this.getBounds()
  }

  setBounds(bounds: Partial<Rectangle>): void {
    this.#bounds = { ...this.#bounds, ...bounds }
    const { x, y, width, height } = this.#bounds
    this.#place({ left: x, top: y, width, height })
    this.emit('resize')
  }

  maximize(): void {
    this.#setState('maximized', 'maximize')
  }

  unmaximize(): void {
    this.#setState('normal', 'unmaximize')
  }

  isMaximized(): boolean {
    return this.#state === 'maximized'
  }

  minimize(): void {
    this.#setState('minimized', 'minimize')
  }

  restore(): void {
    this.#setState('normal', 'restore')
  }

  isMinimized(): boolean {
    return this.#state === 'minimized'
  }

  #setState(state: WindowState, event: string): void {
    this.#state = state
    this.#place({ windowState: state })
    this.emit(event)
  }

  #place(bounds: object): void {
    const { webContents } = this
    const move = async (): Promise<void> => {
      await WebContents.attached(webContents)
      const { cdp } = browser()
      const { windowId } = await cdp.send('Browser.getWindowForTarget', { targetId: WebContents.target(webContents) })
      await cdp.send('Browser.setWindowBounds', { windowId, bounds })
    }
    move().catch(() => undefined) // a window that has gone need not move
  }

  #onLoaded(): void {
    if (this.#ready) return
    this.#ready = true
    this.emit('ready-to-show')
    if (this.#visible) this.emit('show')
  }

  #onGone(): void {
    BrowserWindow.#all.delete(this.id)
    runtime.windows.delete(this.id)
    this.emit('closed')
    if (BrowserWindow.#all.size > 0 || runtime.quitting) return
    if (app.listenerCount('window-all-closed') > 0) app.emit('window-all-closed')
    else app.quit()
  }
}
