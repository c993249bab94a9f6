// `session` and `nativeTheme`: what the app allows its pages, and in which colours they are drawn.

import { EventEmitter } from 'node:events'
import { protocol } from './schemes.ts'

export interface RequestDetails {
  readonly url: string
}
export type BeforeRequest = (details: RequestDetails, answer: (response: { readonly cancel?: boolean }) => void) => void

let beforeRequest: BeforeRequest | undefined

export class Session extends EventEmitter {
  readonly protocol = protocol
  readonly webRequest = {
    onBeforeRequest: (listener: BeforeRequest): void => {
      beforeRequest = listener
    },
  }

  // The stand-in asks nobody and grants nothing: see the launcher.
  setPermissionRequestHandler(_handler: unknown): void {}
  setPermissionCheckHandler(_handler: unknown): void {}
  setDevicePermissionHandler(_handler: unknown): void {}
}

export const session = { defaultSession: new Session() }

/** Whether the app lets a request go out. */
export function allows(url: string): Promise<boolean> {
  const ask = beforeRequest
  if (!ask) return Promise.resolve(true)
  return new Promise((resolve) => ask({ url }, ({ cancel }) => resolve(cancel !== true)))
}

type ThemeSource = 'system' | 'light' | 'dark'

class NativeTheme extends EventEmitter {
  #source: ThemeSource = 'system'

  get themeSource(): ThemeSource {
    return this.#source
  }

  set themeSource(source: ThemeSource) {
    this.#source = source
    this.emit('updated')
  }

  get shouldUseDarkColors(): boolean {
    return this.#source === 'dark'
  }
}

export const nativeTheme = new NativeTheme()
