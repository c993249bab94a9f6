// `protocol`: the app's own schemes, carried over https addresses that only the stand-in knows.

import { app } from './app.ts'

export type SchemeHandler = (request: Request) => Response | Promise<Response>

/** spindle://app/x is https://app.spindle.standin.test/x in Chromium, which knows no schemes but its own. */
const DOMAIN = '.standin.test'
const handlers = new Map<string, SchemeHandler>()

export const protocol = {
  registerSchemesAsPrivileged: (_schemes: readonly object[]): void => {
    if (app.isReady()) throw new Error('protocol.registerSchemesAsPrivileged should be called before app is ready')
  },
  handle: (scheme: string, handler: SchemeHandler): void => void handlers.set(scheme, handler),
  unhandle: (scheme: string): void => void handlers.delete(scheme),
  isProtocolHandled: (scheme: string): boolean => handlers.has(scheme),
}

/** The handler for an address of the app's own; undefined for any other. */
export function handlerOf(url: string): SchemeHandler | undefined {
  return handlers.get(/^([a-z][a-z0-9+.-]*):/i.exec(url)?.[1] ?? '')
}

export function toWeb(url: string): string {
  const [, scheme = '', host = '', rest = ''] = /^([a-z][a-z0-9+.-]*):\/\/([^/]*)(.*)$/i.exec(url) ?? []
  return handlers.has(scheme) ? `https://${host}.${scheme}${DOMAIN}${rest}` : url
}

export function fromWeb(url: string): string {
  const [, host = '', scheme = '', rest = ''] =
    /^https:\/\/([^/]*)\.([a-z][a-z0-9+-]*)\.standin\.test(.*)$/i.exec(url) ?? []
  return scheme === '' ? url : `${scheme}://${host}${rest}`
}
