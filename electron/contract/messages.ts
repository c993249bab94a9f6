// What crosses between the page's process and main: three wires, on which the routes tell everything else apart.

import type { Api, Events } from './api.ts'

/** Names of the wires. `grant` is the preload's own: it alone can tell which file a dropped File is. */
export const WIRES = { request: 'request', event: 'event', grant: 'grant' } as const

export interface RequestMessage {
  readonly method: keyof Api
  readonly args: readonly unknown[]
}

export type EventMessage = {
  readonly [Name in keyof Events]: { readonly name: Name; readonly value: Events[Name] }
}[keyof Events]

/** A dropped or pasted file; `path` is empty when it is none of the machine's. */
export interface GrantFile {
  readonly name: string
  readonly path: string
}
