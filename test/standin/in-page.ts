// The stand-in's half inside the page. These functions travel as source text and run before the page's own scripts:
// `pageWorld` in the page's world, `isolatedWorld` in the preload's. They may name nothing but each other and the codec.

/* oxlint-disable unicorn/consistent-function-scoping -- what travels as text must hold all it needs */

import type { Codec } from './codec.ts'

interface Message {
  readonly op: string
  readonly [name: string]: unknown
}
type Operation = (message: Message) => void
export interface Bridge {
  readonly operations: Record<string, Operation>
  send(message: Message): void
  pack(value: unknown): unknown
  unpack(value: unknown): unknown
}

/** Calls between the two worlds as DOM events, whose `detail` Chromium clones from one world into the other. */
export function makeBridge(key: string, me: string, you: string): Bridge {
  const TAG = `__standin${key.slice(0, 4)}`
  type Wire = Readonly<Record<string, unknown>>
  type AnyFunction = (...args: readonly unknown[]) => unknown
  interface Settler {
    readonly resolve: (value: unknown) => void
    readonly reject: (reason: unknown) => void
  }
  const fire = window.dispatchEvent.bind(window)
  const functions = new Map<number, AnyFunction>()
  const settlers = new Map<number, Settler>()
  let nextId = 1
  let reply: Message | undefined

  const isPlain = (value: object): boolean => {
    const prototype: unknown = Object.getPrototypeOf(value)
    return prototype === Object.prototype || prototype === null
  }
  const mapEntries = (value: object, change: (item: unknown) => unknown): object =>
    Object.fromEntries(Object.entries(value).map(([name, item]) => [name, change(item)]))
  const pack = (value: unknown): unknown => {
    if (typeof value === 'function') {
      const id = nextId++
      functions.set(id, value as AnyFunction)
      return { [TAG]: 'function', id }
    }
    if (typeof value !== 'object' || value === null) return value
    if (value instanceof Promise) {
      const id = nextId++
      value.then(
        (result: unknown) => send({ op: 'settle', id, ok: true, value: pack(result) }),
        (reason: unknown) => send({ op: 'settle', id, ok: false, value: pack(reason) }),
      )
      return { [TAG]: 'promise', id }
    }
    if (value instanceof Error) return { [TAG]: 'error', name: value.name, message: value.message, stack: value.stack }
    if (Array.isArray(value)) return value.map(pack)
    // Date, Map, typed arrays, File and their like: the browser clones them.
    return isPlain(value) ? mapEntries(value, pack) : value
  }
  const unpack = (value: unknown): unknown => {
    if (typeof value !== 'object' || value === null) return value
    const wire = value as Wire
    switch (wire[TAG]) {
      case 'function':
        return (...args: readonly unknown[]) => call(wire['id'] as number, args)
      case 'promise':
        return new Promise((resolve, reject) => settlers.set(wire['id'] as number, { resolve, reject }))
      case 'error': {
        const { name, stack } = wire
        return Object.assign(new Error(wire['message'] as string), { name, stack })
      }
      default:
        if (Array.isArray(value)) return value.map(unpack)
        return isPlain(value) ? mapEntries(value, unpack) : value
    }
  }
  const send = (message: Message): void => {
    fire(new CustomEvent(`${key}:${you}`, { detail: message }))
  }
  const call = (id: number, args: readonly unknown[]): unknown => {
    reply = undefined
    send({ op: 'call', id, args: pack(args) }) // answered before it returns: events are dispatched at once
    const answer = reply as Message | undefined
    reply = undefined
    if (!answer) throw new Error('An object could not be cloned.')
    if (answer['ok'] === true) return unpack(answer['value'])
    throw unpack(answer['value'])
  }
  const operations: Record<string, Operation> = {
    call: ({ id, args }) => {
      const answer = (ok: boolean, value: unknown): void => send({ op: 'reply', ok, value: pack(value) })
      try {
        answer(true, functions.get(id as number)?.(...(unpack(args) as readonly unknown[])))
      } catch (thrown) {
        answer(false, thrown)
      }
    },
    reply: (message) => {
      reply = message
    },
    settle: ({ id, ok, value }) => {
      const settler = settlers.get(id as number)
      settlers.delete(id as number)
      if (ok === true) settler?.resolve(unpack(value))
      else settler?.reject(unpack(value))
    },
  }
  window.addEventListener(
    `${key}:${me}`,
    (event) => {
      const message = (event as CustomEvent<Message | null>).detail
      if (message) operations[message.op]?.(message)
    },
    true,
  )
  return { operations, send, pack, unpack }
}

export function pageWorld(bridge: Bridge): void {
  const freeze = (value: unknown): unknown => {
    if (typeof value !== 'object' || value === null || ArrayBuffer.isView(value)) return value
    for (const item of Object.values(value)) freeze(item)
    return Object.freeze(value)
  }
  const open = (url: string | URL = '', name = '', features = ''): null => {
    bridge.send({ op: 'open', url: new URL(url, location.href).href, name, features })
    return null
  }
  Object.assign(window, { open })
  bridge.operations['expose'] = ({ name, api }) => {
    Object.defineProperty(window, name as string, {
      value: freeze(bridge.unpack(api)),
      enumerable: true,
      writable: false,
      configurable: false,
    })
  }
}

export interface IsolatedConfig {
  readonly process: Readonly<Record<string, unknown>>
}

/** What a sandboxed preload finds around it. */
export interface PreloadScope {
  require(name: string): unknown
  readonly module: { readonly exports: object }
  readonly exports: object
  readonly process: object
}

export function isolatedWorld(bridge: Bridge, codec: Codec, config: IsolatedConfig): PreloadScope {
  type Listener = (event: object, ...args: readonly unknown[]) => void
  interface Entry {
    readonly listener: Listener
    readonly once: boolean
  }
  interface Settler {
    readonly resolve: (value: unknown) => void
    readonly reject: (reason: unknown) => void
  }
  const world = globalThis as unknown as {
    /** A CDP binding that exists in this world only. */
    readonly standinPost: (text: string) => void
    standinReceive: (kind: string, text: string) => void
  }
  const post = world.standinPost
  const channels = new Map<string, Entry[]>()
  const waiting = new Map<number, Settler>()
  let nextId = 1

  // Windows never open by themselves: window.open and links for another window ask setWindowOpenHandler.
  const askToOpen = (url: string, name: string, features: string): void =>
    post(`o${codec.encode([url, name, features])}`)
  bridge.operations['open'] = ({ url, name, features }) => askToOpen(url as string, name as string, features as string)
  for (const type of ['click', 'auxclick'] as const) {
    window.addEventListener(type, (event) => {
      const isLink = (node: EventTarget): node is HTMLAnchorElement => node instanceof HTMLAnchorElement
      const link = event.composedPath().find(isLink)
      if (!link || link.href === '' || event.defaultPrevented || event.button === 2) return
      const elsewhere = link.target !== '' && !/^_(self|top|parent)$/.test(link.target)
      if (!elsewhere && !event.ctrlKey && !event.metaKey && !event.shiftKey && event.button !== 1) return
      event.preventDefault()
      askToOpen(link.href, link.target, '')
    })
  }

  const add = (channel: string, listener: Listener, once: boolean): void => {
    channels.set(channel, [...(channels.get(channel) ?? []), { listener, once }])
  }
  const remove = (channel: string, listener: Listener): void => {
    const entries = [...(channels.get(channel) ?? [])]
    const index = entries.findIndex((entry) => entry.listener === listener)
    if (index >= 0) entries.splice(index, 1)
    channels.set(channel, entries)
  }
  const ipcRenderer = {
    on: (channel: string, listener: Listener) => (add(channel, listener, false), ipcRenderer),
    once: (channel: string, listener: Listener) => (add(channel, listener, true), ipcRenderer),
    off: (channel: string, listener: Listener) => (remove(channel, listener), ipcRenderer),
    send: (channel: string, ...args: readonly unknown[]) => post(`s${codec.encode([channel, args])}`),
    invoke: (channel: string, ...args: readonly unknown[]) => {
      const id = nextId++
      const answered = new Promise((resolve, reject) => waiting.set(id, { resolve, reject }))
      post(`i${codec.encode([id, channel, args])}`)
      return answered
    },
  }

  world.standinReceive = (kind, text) => {
    if (kind === 'r') {
      const [id, ok, value] = codec.decode(text) as [number, boolean, unknown]
      const settler = waiting.get(id)
      waiting.delete(id)
      if (ok) settler?.resolve(value)
      else settler?.reject(new Error(String(value)))
      return
    }
    const [channel, args] = codec.decode(text) as [string, readonly unknown[]]
    for (const { listener, once } of channels.get(channel) ?? []) {
      if (once) remove(channel, listener)
      try {
        listener({ sender: ipcRenderer, ports: [] }, ...args)
      } catch (thrown) {
        reportError(thrown)
      }
    }
  }

  // getPathForFile is synchronous. The pause hands `file` to Node, which asks for its path, fills `answer` and resumes.
  const standinGetPath = (file: File, answer: { path: string }): string => {
    // eslint-disable-next-line no-debugger -- this is the way to Node that can be waited for
    debugger
    return file ? answer.path : ''
  }

  const electron = {
    ipcRenderer,
    contextBridge: {
      exposeInMainWorld: (name: string, api: unknown) => bridge.send({ op: 'expose', name, api: bridge.pack(api) }),
    },
    webUtils: {
      getPathForFile: (file: unknown) => {
        if (file instanceof File) return standinGetPath(file, { path: '' })
        throw new TypeError('getPathForFile expected to receive a File object but one was not provided')
      },
    },
  }
  const module = { exports: {} }
  return {
    require: (name) => {
      if (name === 'electron' || name === 'electron/renderer') return electron
      throw new Error(`module not found: ${name}`)
    },
    module,
    exports: module.exports,
    process: { ...config.process, type: 'renderer', sandboxed: true, contextIsolated: true },
  }
}
