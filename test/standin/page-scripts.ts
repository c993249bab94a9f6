// The scripts that every page of a window runs before its own: the page's half of the bridge, and the preload.

import { readFileSync } from 'node:fs'
import { makeCodec } from './codec.ts'
import { isolatedWorld, makeBridge, pageWorld } from './in-page.ts'

/** Name of the world that preloads run in, as Electron calls it. */
export const WORLD = 'Electron Isolated Context'

/** Frames inside the page get nothing: preloads run in the top frame only. */
const TOP_ONLY = 'if (window !== window.top) return'

export function pageScript(key: string): string {
  return `(() => {
    ${TOP_ONLY}
    const makeBridge = ${makeBridge.toString()}
    const pageWorld = ${pageWorld.toString()}
    pageWorld(makeBridge(${JSON.stringify(key)}, 'page', 'preload'))
  })()`
}

export function preloadScript(key: string, preload: string | undefined): string {
  const { platform, arch, versions } = process
  const config = { process: { platform, arch, versions: { ...versions }, env: {}, argv: [] } }
  return `(() => {
    ${TOP_ONLY}
    const makeCodec = ${makeCodec.toString()}
    const makeBridge = ${makeBridge.toString()}
    const isolatedWorld = ${isolatedWorld.toString()}
    const bridge = makeBridge(${JSON.stringify(key)}, 'preload', 'page')
    const { require, module, exports, process } = isolatedWorld(bridge, makeCodec(), ${JSON.stringify(config)});
    (() => {
      ${preload === undefined ? '' : readFileSync(preload, 'utf8')}
    })()
  })()
  //# sourceURL=electron-preload`
}
