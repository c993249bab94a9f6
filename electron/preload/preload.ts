// Builds `window.spindle` from the routes, and nothing else.

import { contextBridge, ipcRenderer, webUtils } from 'electron'
import type { WindowApi } from '../contract/api.ts'
import { WIRES, type EventMessage, type GrantFile } from '../contract/messages.ts'
import { EVENTS, ROUTES } from '../contract/routes.ts'

type Listener = (value: unknown) => void

const listeners = new Map<string, Set<Listener>>(Object.keys(EVENTS).map((name) => [name, new Set()]))
ipcRenderer.on(WIRES.event, (_event, { name, value }: EventMessage) => {
  for (const listener of listeners.get(name) ?? []) listener(value)
})

const methods = Object.keys(ROUTES).map((method) => [
  method,
  (...args: readonly unknown[]) => ipcRenderer.invoke(WIRES.request, { method, args }),
])

const api = {
  ...Object.fromEntries(methods),
  grantFiles: (files: readonly File[]) => {
    const found: GrantFile[] = files.map((file) => ({ name: file.name, path: webUtils.getPathForFile(file) }))
    return ipcRenderer.invoke(WIRES.grant, found)
  },
  on: (name: string, listener: Listener) => {
    const all = listeners.get(name)
    if (!all) throw new RangeError(`Spindle has no event called ${name}.`)
    // One of our own for each subscription: the same function given twice is heard twice and ended once each.
    const own: Listener = (value) => listener(value)
    all.add(own)
    return () => {
      all.delete(own)
    }
  },
} as WindowApi
contextBridge.exposeInMainWorld('spindle', api)
