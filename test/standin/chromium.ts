// The system's Chromium, driven over a pipe: no port, no dependency.

import { spawn, type ChildProcess } from 'node:child_process'
import { EventEmitter, once } from 'node:events'
import { accessSync, constants, mkdirSync } from 'node:fs'
import { delimiter, join } from 'node:path'
import type { Readable, Writable } from 'node:stream'
import type { CDPSession } from '@playwright/test'

/** Commands and events of one target, or of the browser itself. */
export type Cdp = Pick<CDPSession, 'send' | 'on' | 'off' | 'once'>

const NAMES = ['chromium', 'chromium-browser', 'google-chrome-stable', 'google-chrome', 'microsoft-edge']
const MAC = [
  '/Applications/Google Chrome.app/Contents/MacOS/Google Chrome',
  '/Applications/Chromium.app/Contents/MacOS/Chromium',
]

export function findChromium(): string | undefined {
  const folders = (process.env['PATH'] ?? '').split(delimiter)
  const named = process.env['STANDIN_CHROMIUM']
  const usual = NAMES.flatMap((name) => folders.map((folder) => join(folder, name)))
  return [...(named === undefined ? [] : [named]), ...usual, ...MAC].find(isExecutable)
}

function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK)
    return true
  } catch {
    return false
  }
}

export interface ChromiumOptions {
  readonly path: string
  readonly profile: string
  readonly headless: boolean
  /** Of its DevTools; they are closed when it is left out. */
  readonly port: string | undefined
}

export interface WindowSize {
  readonly width: number
  readonly height: number
}

interface Answer {
  readonly id?: number
  readonly result?: unknown
  readonly error?: { readonly message: string }
  readonly method?: string
  readonly params?: unknown
  readonly sessionId?: string
}

interface Waiting {
  readonly method: string
  readonly resolve: (result: unknown) => void
  readonly reject: (error: Error) => void
}

export class Chromium {
  readonly cdp: Cdp
  readonly headless: boolean
  readonly #options: ChromiumOptions
  readonly #process: ChildProcess
  readonly #commands: Writable
  readonly #sessions = new Map<string, EventEmitter>()
  readonly #waiting = new Map<number, Waiting>()
  readonly #exited: Promise<unknown>
  #nextId = 1
  #log = ''

  constructor(options: ChromiumOptions) {
    this.#options = options
    this.headless = options.headless
    mkdirSync(options.profile, { recursive: true })
    this.#process = spawn(
      options.path,
      [
        ...commonSwitches(options.profile),
        '--no-startup-window',
        '--remote-debugging-pipe',
        ...(options.headless ? ['--headless=new'] : []),
        ...(options.port === undefined ? [] : [`--remote-debugging-port=${options.port}`]),
      ],
      // Apart from the terminal: its Ctrl+C is for the app, which ends the browser once it has stopped.
      { stdio: ['ignore', 'ignore', 'pipe', 'pipe', 'pipe'], detached: true },
    )
    const [, , errors, commands, answers] = this.#process.stdio
    this.#commands = commands as Writable
    this.#commands.on('error', () => undefined) // a browser that is gone is heard of by its exit
    this.#readErrors(errors as Readable)
    this.#readAnswers(answers as Readable)
    this.#exited = once(this.#process, 'exit')
    this.cdp = this.session('')
  }

  /** Runs when the browser is gone, for whatever reason. */
  onExit(listener: () => void): void {
    this.#process.once('exit', () => {
      for (const { reject, method } of this.#waiting.values()) {
        reject(new Error(`${method}: Chromium is gone\n${this.#log}`))
      }
      this.#waiting.clear()
      listener()
    })
  }

  session(sessionId: string): Cdp {
    const events = new EventEmitter()
    events.setMaxListeners(0)
    this.#sessions.set(sessionId, events)
    const send = (method: string, params: object = {}): Promise<unknown> => this.#send(sessionId, method, params)
    return Object.assign(events, { send }) as unknown as Cdp
  }

  endSession(sessionId: string): void {
    this.#sessions.delete(sessionId)
  }

  /** A new window, without tabs and address bar when it is to be seen. Returns its target. */
  async openWindow(number: number, { width, height }: WindowSize, title: string): Promise<string> {
    if (this.headless) {
      const made = await this.cdp.send('Target.createTarget', { url: 'about:blank', newWindow: true, width, height })
      return made.targetId
    }
    // --app takes no about: address, so the new target is known by a comment in its first page.
    const mark = `<!--standin-${number}-->`
    const found = new Promise<string>((resolve) => {
      const look = ({ targetInfo: { type, url, targetId } }: TargetEvent): void => {
        if (type !== 'page' || !url.endsWith(mark)) return
        this.cdp.off('Target.targetCreated', look)
        this.cdp.off('Target.targetInfoChanged', look)
        resolve(targetId)
      }
      this.cdp.on('Target.targetCreated', look)
      this.cdp.on('Target.targetInfoChanged', look)
    })
    const page = `data:text/html,<title>${encodeURIComponent(title)}</title>${mark}`
    const { path, profile } = this.#options
    // Handed to the running browser, which this process then ends for.
    spawn(path, [...commonSwitches(profile), `--window-size=${width},${height}`, `--app=${page}`], { stdio: 'ignore' })
    return found
  }

  async close(): Promise<void> {
    this.cdp.send('Browser.close').catch(() => undefined)
    const late = setTimeout(() => this.#process.kill('SIGKILL'), 3000)
    if (this.#process.exitCode === null && this.#process.signalCode === null) await this.#exited
    clearTimeout(late)
  }

  #send(sessionId: string, method: string, params: object): Promise<unknown> {
    const id = this.#nextId++
    return new Promise((resolve, reject) => {
      this.#waiting.set(id, { method, resolve, reject })
      const target = sessionId === '' ? {} : { sessionId }
      this.#commands.write(`${JSON.stringify({ id, method, params, ...target })}\0`)
    })
  }

  #receive(text: string): void {
    const { id, result, error, method = '', params, sessionId = '' } = JSON.parse(text) as Answer
    if (id === undefined) {
      this.#sessions.get(sessionId)?.emit(method, params)
      return
    }
    const waiting = this.#waiting.get(id)
    this.#waiting.delete(id)
    if (error) waiting?.reject(new Error(`${waiting.method}: ${error.message}`))
    else waiting?.resolve(result)
  }

  #readErrors(errors: Readable): void {
    errors.setEncoding('utf8').on('data', (text: string) => {
      this.#log = (this.#log + text).slice(-4000)
      for (const line of text.split('\n')) if (line.startsWith('DevTools listening on')) console.error(line)
    })
  }

  #readAnswers(answers: Readable): void {
    let parts: Buffer[] = []
    answers.on('data', (chunk: Buffer) => {
      let start = 0
      for (let end = chunk.indexOf(0); end >= 0; end = chunk.indexOf(0, start)) {
        parts.push(chunk.subarray(start, end))
        start = end + 1
        this.#receive(Buffer.concat(parts).toString('utf8'))
        parts = []
      }
      if (start < chunk.length) parts.push(chunk.subarray(start))
    })
  }
}

interface TargetEvent {
  readonly targetInfo: { readonly type: string; readonly url: string; readonly targetId: string }
}

function commonSwitches(profile: string): readonly string[] {
  return [
    `--user-data-dir=${profile}`,
    '--no-first-run',
    '--no-default-browser-check',
    '--test-type', // no bar about unusual switches
    '--disable-gpu',
    '--disable-quic',
    '--disable-sync',
    '--disable-breakpad',
    '--disable-extensions',
    '--disable-default-apps',
    '--disable-component-update',
    '--disable-background-networking',
    '--disable-background-timer-throttling',
    '--disable-renderer-backgrounding',
    '--disable-backgrounding-occluded-windows',
    '--disable-features=Translate,MediaRouter,OptimizationHints,HttpsUpgrades,AutofillServerCommunication',
    '--metrics-recording-only',
    '--password-store=basic',
    '--use-mock-keychain',
    '--host-resolver-rules=MAP * ~NOTFOUND , EXCLUDE 127.0.0.1 , EXCLUDE localhost', // no network but the loopback
    // Chromium's own sandbox cannot work as root; the app's windows are only ever our own files.
    ...(process.getuid?.() === 0 ? ['--no-sandbox'] : []),
  ]
}
