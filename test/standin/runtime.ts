// What the launcher knows before the module `electron` is first loaded, and what its parts share afterwards.

import type { Chromium } from './chromium.ts'

export interface Manifest {
  readonly name?: string
  readonly productName?: string
  readonly version?: string
  readonly main?: string
}

/** As `app.quit` sees it. */
export interface OpenWindow {
  close(): void
}

export interface Runtime {
  headless: boolean
  appPath: string
  manifest: Manifest
  browser: Chromium | undefined
  quitting: boolean
  readonly switches: Map<string, string>
  readonly windows: Map<number, OpenWindow>
}

export const runtime: Runtime = {
  headless: true,
  appPath: process.cwd(),
  manifest: {},
  browser: undefined,
  quitting: false,
  switches: new Map(),
  windows: new Map(),
}

export function note(...words: readonly unknown[]): void {
  if (process.env['STANDIN_QUIET'] !== '1') console.error('[stand-in]', ...words)
}

export function browser(): Chromium {
  if (!runtime.browser) throw new Error('stand-in: this needs the app to be ready')
  return runtime.browser
}

/** An event whose listeners may prevent what it announces. */
export function preventable<Extra extends object>(extra: Extra): Extra & { defaultPrevented: boolean } & Preventable {
  return {
    ...extra,
    defaultPrevented: false,
    preventDefault() {
      this.defaultPrevented = true
    },
  }
}
interface Preventable {
  preventDefault(): void
}
