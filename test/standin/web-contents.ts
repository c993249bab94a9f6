// `webContents`: one page, from its target in Chromium to the messages it exchanges with main.

import { randomBytes } from 'node:crypto'
import { EventEmitter } from 'node:events'
import type { BrowserWindowConstructorOptions, WindowOpenHandlerResponse } from 'electron'
import type { Cdp, WindowSize } from './chromium.ts'
import { makeCodec } from './codec.ts'
import { invoke, ipcMain } from './ipc-main.ts'
import { answerPause, answerRequest, type PausedRequest } from './page-pauses.ts'
import { WORLD, pageScript, preloadScript } from './page-scripts.ts'
import { browser, note, preventable, runtime } from './runtime.ts'
import { fromWeb, toWeb } from './schemes.ts'
import { nativeTheme, session } from './session.ts'

const codec = makeCodec()

/** What a page tells the window it is in. */
export interface Surroundings {
  readonly size: WindowSize
  readonly title: string
  readonly onLoaded: () => void
  readonly onGone: () => void
}

interface OpenRequest {
  readonly url: string
  readonly frameName: string
  readonly features: string
}
type OpenHandler = (request: OpenRequest) => WindowOpenHandlerResponse

/** The blank page a window shows before its first address. */
const isBlank = (url: string): boolean => url === 'about:blank' || url.endsWith('-->')

export class WebContents extends EventEmitter {
  static readonly #byId = new Map<number, WebContents>()
  static readonly #byTarget = new Map<string, WebContents>()
  static #nextId = 1

  static fromId(id: number): WebContents | undefined {
    return WebContents.#byId.get(id)
  }

  static fromDevToolsTargetId(target: string): WebContents | undefined {
    return WebContents.#byTarget.get(target)
  }

  /** Settles once the page's target can be spoken to. */
  static attached(contents: WebContents): Promise<Cdp> {
    return contents.#attached
  }

  /** Of its page in Chromium. */
  static target(contents: WebContents): string {
    return contents.#target
  }

  /** Its target has gone, or is about to. */
  static end(contents: WebContents): void {
    contents.#end()
  }

  static getAllWebContents(): WebContents[] {
    return [...WebContents.#byId.values()]
  }

  readonly id = WebContents.#nextId++
  readonly session = session.defaultSession
  readonly mainFrame: { readonly url: string; readonly parent: null }
  readonly #attached: Promise<Cdp>
  readonly #around: Surroundings
  readonly #preload: string | undefined
  readonly #key = randomBytes(12).toString('hex')
  /** The preload's world in the main frame, while there is one. */
  #world: number | undefined
  readonly #frameOfWorld = new Map<number, string>()
  readonly #urlOfFrame = new Map<string, string>()
  #target = ''
  #cdp: Cdp | undefined
  #url = ''
  #loading: string | undefined
  #queue: string[] = []
  #openHandler: OpenHandler | undefined
  #destroyed = false
  readonly #onTheme = (): void => this.#applyTheme()

  constructor(options: BrowserWindowConstructorOptions, around: Surroundings) {
    super()
    this.#around = around
    this.#preload = options.webPreferences?.preload
    const url = (): string => this.getURL()
    this.mainFrame = {
      get url() {
        return url()
      },
      parent: null,
    }
    WebContents.#byId.set(this.id, this)
    nativeTheme.on('updated', this.#onTheme)
    this.#attached = this.#attach()
    this.#attached.catch((error: unknown) => {
      if (!this.#destroyed && !runtime.quitting) note('the window failed:', error)
    })
  }

  async #attach(): Promise<Cdp> {
    const { size, title } = this.#around
    this.#target = await browser().openWindow(this.id, size, title)
    WebContents.#byTarget.set(this.#target, this)
    const { sessionId } = await browser().cdp.send('Target.attachToTarget', { targetId: this.#target, flatten: true })
    const cdp = browser().session(sessionId)
    this.#cdp = cdp
    this.#listen(cdp)
    await Promise.all([
      cdp.send('Page.enable'),
      cdp.send('Runtime.enable'),
      cdp.send('Debugger.enable'),
      cdp.send('Runtime.addBinding', { name: 'standinPost', executionContextName: WORLD }),
      cdp.send('Page.addScriptToEvaluateOnNewDocument', { source: pageScript(this.#key) }),
      cdp.send('Page.addScriptToEvaluateOnNewDocument', {
        source: preloadScript(this.#key, this.#preload),
        worldName: WORLD,
      }),
      cdp.send('Fetch.enable', { patterns: [{ urlPattern: '*' }] }),
    ])
    this.#applyTheme()
    const { windowId } = await browser().cdp.send('Browser.getWindowForTarget', { targetId: this.#target })
    // A window is made with room for bars it does not have.
    await browser()
      .cdp.send('Browser.setContentsSize', { windowId, ...size })
      .catch(() => undefined)
    return cdp
  }

  #listen(cdp: Cdp): void {
    cdp.on('Runtime.executionContextCreated', ({ context }) => {
      if (context.name !== WORLD) return
      const { frameId } = context.auxData as { readonly frameId: string }
      this.#frameOfWorld.set(context.id, frameId)
      if (frameId === this.#target) this.#world = context.id // the main frame's id is its target's
    })
    cdp.on('Runtime.executionContextDestroyed', ({ executionContextId }) => {
      this.#frameOfWorld.delete(executionContextId)
      if (this.#world === executionContextId) this.#world = undefined
    })
    cdp.on('Runtime.executionContextsCleared', () => {
      this.#frameOfWorld.clear()
      this.#world = undefined
    })
    cdp.on('Runtime.bindingCalled', ({ payload, executionContextId }) => {
      this.#receive(payload, executionContextId).catch((error: unknown) => note('a message failed:', error))
    })
    cdp.on('Page.frameNavigated', ({ frame }) => {
      this.#urlOfFrame.set(frame.id, frame.url)
      if (frame.parentId !== undefined) return
      this.#url = isBlank(frame.url) ? '' : frame.url
      if (this.#url === '') return
      this.emit('did-navigate', {}, this.getURL(), 200, '')
      this.#flush()
    })
    cdp.on('Page.domContentEventFired', () => this.emit('dom-ready', {}))
    cdp.on('Page.loadEventFired', () => {
      if (this.#url === '') return
      this.emit('did-finish-load', {})
      this.#around.onLoaded()
    })
    cdp.on('Debugger.paused', ({ callFrames: [frame] }) => {
      answerPause(cdp, frame).catch((error: unknown) => note('getPathForFile:', error))
    })
    cdp.on('Fetch.requestPaused', (paused) => {
      const refused = paused.resourceType === 'Document' && this.#refusesNavigation(paused)
      answerRequest(cdp, paused, refused).catch((error: unknown) => {
        if (!this.#destroyed && !runtime.quitting) note('a request failed:', paused.request.url, error)
      })
    })
    cdp.on('Inspector.targetCrashed', () => {
      this.emit('render-process-gone', {}, { reason: 'crashed', exitCode: 1 })
    })
    cdp.on('Page.javascriptDialogOpening', ({ type }) => {
      if (type === 'beforeunload') this.#forget(cdp.send('Page.handleJavaScriptDialog', { accept: true }))
    })
  }

  /** For what may come too late: the page is gone then, and nobody minds. */
  #forget(pending: Promise<unknown>): void {
    pending.catch(() => undefined)
  }

  #applyTheme(): void {
    const source = nativeTheme.themeSource
    const features = source === 'system' ? [] : [{ name: 'prefers-color-scheme', value: source }]
    if (this.#cdp) this.#forget(this.#cdp.send('Emulation.setEmulatedMedia', { features }))
  }

  #refusesNavigation({ frameId, request }: PausedRequest): boolean {
    const isMainFrame = frameId === this.#target
    if (isMainFrame && request.url === this.#loading) return false
    const url = fromWeb(request.url)
    const event = preventable({ url, isMainFrame, isSameDocument: false })
    this.emit('will-frame-navigate', event)
    if (isMainFrame && !event.defaultPrevented) this.emit('will-navigate', event, url)
    return event.defaultPrevented
  }

  async #receive(payload: string, world: number): Promise<void> {
    const kind = payload[0]
    const message = codec.decode(payload.slice(1)) as readonly unknown[]
    const frameId = this.#frameOfWorld.get(world) ?? ''
    const url = fromWeb(this.#urlOfFrame.get(frameId) ?? this.#url)
    const inMainFrame = frameId === this.#target
    const event = { sender: this, senderFrame: { url, parent: inMainFrame ? null : this.mainFrame }, ports: [] }
    if (kind === 's') {
      const [channel, args] = message as [string, readonly unknown[]]
      ipcMain.emit(channel, event, ...args)
    } else if (kind === 'o') {
      const [target, frameName, features] = message as [string, string, string]
      const answer = this.#openHandler?.({ url: fromWeb(target), frameName, features })
      if (answer?.action !== 'deny') note('windows opened by a page are not supported; refused')
    } else {
      const [id, channel, args] = message as [number, string, readonly unknown[]]
      const reply = await invoke(channel, event, args).then(
        (value) => codec.encode([id, true, value]),
        (error: unknown) => codec.encode([id, false, `Error invoking remote method '${channel}': ${String(error)}`]),
      )
      this.#tell(world, 'r', reply)
    }
  }

  #tell(world: number, kind: 'r' | 'e', text: string): void {
    if (!this.#cdp) return
    this.#forget(
      this.#cdp.send('Runtime.callFunctionOn', {
        functionDeclaration: '(kind, text) => globalThis.standinReceive(kind, text)',
        executionContextId: world,
        arguments: [{ value: kind }, { value: text }],
        silent: true,
      }),
    )
  }

  send(channel: string, ...args: readonly unknown[]): void {
    if (this.#destroyed) throw new TypeError('Object has been destroyed')
    this.#queue.push(codec.encode([channel, args]))
    this.#flush()
  }

  /** Messages wait until the preload has run. */
  #flush(): void {
    if (this.#world === undefined || this.#url === '') return
    for (const text of this.#queue.splice(0)) this.#tell(this.#world, 'e', text)
  }

  async loadURL(url: string): Promise<void> {
    const cdp = await this.#attached
    const loaded = new Promise((resolve) => this.once('did-finish-load', resolve))
    this.#loading = toWeb(url).split('#', 1)[0]
    const { errorText } = await cdp.send('Page.navigate', { url: toWeb(url) })
    if (errorText !== undefined) {
      this.emit('did-fail-load', {}, -2, errorText, url, true)
      throw new Error(`${errorText} loading '${url}'`)
    }
    await loaded
    this.#loading = undefined
  }

  getURL(): string {
    return fromWeb(this.#url)
  }

  isDestroyed(): boolean {
    return this.#destroyed
  }

  isLoading(): boolean {
    return this.#loading !== undefined
  }

  reload(): void {
    if (this.#cdp) this.#forget(this.#cdp.send('Page.reload'))
  }

  setWindowOpenHandler(handler: OpenHandler): void {
    this.#openHandler = handler
  }

  async executeJavaScript(code: string): Promise<unknown> {
    const cdp = await this.#attached
    const { result, exceptionDetails } = await cdp.send('Runtime.evaluate', {
      expression: code,
      awaitPromise: true,
      returnByValue: true,
    })
    if (exceptionDetails) throw new Error(exceptionDetails.exception?.description ?? exceptionDetails.text)
    return result.value as unknown
  }

  #end(): void {
    if (this.#destroyed) return
    this.#destroyed = true
    nativeTheme.off('updated', this.#onTheme)
    WebContents.#byTarget.delete(this.#target)
    WebContents.#byId.delete(this.id)
    this.emit('destroyed')
    this.#around.onGone()
  }
}

/** The statics alone, as Electron exports them. */
export const webContents = {
  fromId: (id: number): WebContents | undefined => WebContents.fromId(id),
  fromDevToolsTargetId: (target: string): WebContents | undefined => WebContents.fromDevToolsTargetId(target),
  getAllWebContents: (): WebContents[] => WebContents.getAllWebContents(),
}
