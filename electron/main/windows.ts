// The window: made with nothing the page could escape by, kept on its own page, remembered in its place.

import { BrowserWindow, nativeTheme, screen, session, type IpcMainInvokeEvent, type WebContents } from 'electron'
import type { Settings } from '../contract/data.ts'
import { WIRES, type EventMessage } from '../contract/messages.ts'
import type { EmitToPage } from './library-mirror.ts'
import { PAGE_URL, isOurPage, type Sender } from './router.ts'
import type { WindowPlace, WindowStore } from './settings.ts'

const SMALLEST = { width: 960, height: 600 }
const USUAL = { width: 1280, height: 800 }
/** The page's own background, so that nothing flashes before it is drawn. */
const BACKGROUND = { light: '#f6f7f8', dark: '#15171a' }

export interface WindowsOptions {
  readonly preload: string
  readonly icon: string
  readonly developing: boolean
  readonly store: WindowStore
  /** False keeps the window open. */
  readonly mayClose: () => boolean
  /** The page's own files could not be loaded. */
  readonly onBroken: (reason: string) => void
}

export class Windows {
  readonly #options: WindowsOptions
  #window: BrowserWindow | undefined

  constructor(options: WindowsOptions) {
    this.#options = options
  }

  get window(): BrowserWindow | undefined {
    return this.#window
  }

  /** Opens the window, or brings the open one to the front. */
  show(): BrowserWindow {
    const open = this.#window
    if (open) {
      if (open.isMinimized()) open.restore()
      open.focus()
      return open
    }
    const window = this.#create()
    this.#window = window
    window.loadURL(PAGE_URL).catch((error: unknown) => {
      // A window that is closed while it loads is no fault.
      if (!window.isDestroyed()) this.#options.onBroken(String(error))
    })
    return window
  }

  readonly emit: EmitToPage = (name, value) => {
    const message = { name, value } as EventMessage
    if (this.#window && !this.#window.isDestroyed()) this.#window.webContents.send(WIRES.event, message)
  }

  describeSender({ sender, senderFrame }: IpcMainInvokeEvent): Sender {
    return {
      ourWindow: this.#window !== undefined && sender === this.#window.webContents,
      topFrame: senderFrame !== null && senderFrame.parent === null,
      url: senderFrame?.url ?? '',
    }
  }

  #create(): BrowserWindow {
    const { preload, icon, developing, store, mayClose } = this.#options
    const place = onScreen(store.place)
    const window = new BrowserWindow({
      ...(place ? { x: place.x, y: place.y, width: place.width, height: place.height } : USUAL),
      minWidth: SMALLEST.width,
      minHeight: SMALLEST.height,
      title: 'Spindle',
      icon,
      show: false,
      autoHideMenuBar: true,
      backgroundColor: nativeTheme.shouldUseDarkColors ? BACKGROUND.dark : BACKGROUND.light,
      webPreferences: {
        preload,
        contextIsolation: true,
        sandbox: true,
        nodeIntegration: false,
        webviewTag: false,
        devTools: developing,
        spellcheck: false,
      },
    })
    window.once('ready-to-show', () => {
      if (place?.maximized === true) window.maximize()
      window.show()
    })
    window.on('close', (event) => {
      if (mayClose()) store.keep({ ...window.getNormalBounds(), maximized: window.isMaximized() })
      else event.preventDefault()
    })
    window.once('closed', () => {
      this.#window = undefined
    })
    keepOnPage(window.webContents)
    return window
  }
}

/** A window of last time whose screen is gone would open where nobody sees it. */
function onScreen(place: WindowPlace | undefined): WindowPlace | undefined {
  if (!place) return undefined
  const { workArea } = screen.getDisplayMatching(place)
  const visible =
    place.x < workArea.x + workArea.width &&
    place.x + place.width > workArea.x &&
    place.y >= workArea.y &&
    place.y < workArea.y + workArea.height
  return visible ? place : undefined
}

function keepOnPage(contents: WebContents): void {
  contents.on('will-navigate', refuseOther)
  contents.on('will-redirect', refuseOther)
  contents.on('will-frame-navigate', refuseOther)
  contents.on('will-attach-webview', (event) => event.preventDefault())
  contents.setWindowOpenHandler(() => ({ action: 'deny' }))
}

function refuseOther(event: { preventDefault(): void; readonly url: string }): void {
  if (!isOurPage(event.url)) event.preventDefault()
}

/** Nothing but our own files is loaded, and the page gets no device, no location, no notification. */
export function closeSession(): void {
  const own = session.defaultSession
  own.setPermissionRequestHandler((_contents, _permission, answer) => answer(false))
  own.setPermissionCheckHandler(() => false)
  own.setDevicePermissionHandler(() => false)
  own.webRequest.onBeforeRequest(({ url }, answer) => answer({ cancel: !isHarmless(url) }))
}

function isHarmless(url: string): boolean {
  return isOurPage(url) || url.startsWith('data:') || url.startsWith('devtools:')
}

export function applyTheme(theme: Settings['theme']): void {
  nativeTheme.themeSource = theme
}
