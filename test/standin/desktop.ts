// The small parts of the desktop: `shell`, `Notification`, `clipboard`, `screen`.

import { spawn } from 'node:child_process'
import { EventEmitter } from 'node:events'
import { dirname } from 'node:path'
import { note, runtime } from './runtime.ts'

function openOutside(what: string): void {
  if (runtime.headless) {
    note('would open', what)
    return
  }
  const child = spawn('xdg-open', [what], { stdio: 'ignore', detached: true })
  child.on('error', () => note('there is no xdg-open to open', what))
  child.unref()
}

export const shell = {
  showItemInFolder: (path: string): void => openOutside(dirname(path)),
}

/** Nothing is shown: what would be is noted. */
export class Notification extends EventEmitter {
  static isSupported(): boolean {
    return true
  }

  readonly title: string
  readonly body: string

  constructor({ title = '', body = '' }: { readonly title?: string; readonly body?: string } = {}) {
    super()
    this.title = title
    this.body = body
  }

  show(): void {
    note('would notify', `${this.title}: ${this.body}`)
    this.emit('show')
  }
}

/** The stand-in's own: the desktop's is never read or written by a test. */
let clip = ''
export const clipboard = {
  readText: (): string => clip,
  writeText: (text: string): void => {
    clip = text
  },
}

const AREA = { x: 0, y: 0, width: 1920, height: 1080 }
const DISPLAY = { id: 1, scaleFactor: 1, rotation: 0, bounds: AREA, workArea: AREA }

class Screen extends EventEmitter {
  getPrimaryDisplay(): typeof DISPLAY {
    return DISPLAY
  }

  getDisplayMatching(_bounds: object): typeof DISPLAY {
    return DISPLAY
  }
}
export const screen = new Screen()
