// The engine and the shell as functions that resolve or throw: replies are unwrapped in one place.

import { ROUTES } from '../../electron/contract/routes.ts'
import type { Api, Reply, WindowApi } from '../../electron/contract/api.ts'
import type { Granted } from '../../electron/contract/data.ts'
import { SpindleError } from '../../core/model/index.ts'

declare global {
  interface Window {
    readonly spindle: WindowApi
  }
}

type AnyRoute = (...args: readonly unknown[]) => Promise<Reply<unknown>>

async function unwrap<T>(pending: Promise<Reply<T>>): Promise<T> {
  const reply = await pending
  if (reply.ok) return reply.value
  throw SpindleError.fromData(reply.error)
}

/** Every method throws a SpindleError when the answer is one. */
export const api = Object.fromEntries(
  Object.keys(ROUTES).map((method) => [
    method,
    (...args: readonly unknown[]) => unwrap((window.spindle[method as keyof Api] as AnyRoute)(...args)),
  ]),
) as unknown as Api

export function grantFiles(files: readonly File[]): Promise<readonly Granted[]> {
  return unwrap(window.spindle.grantFiles(files))
}
