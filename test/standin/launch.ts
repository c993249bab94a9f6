// What Electron's executable does, in its order: reads the command line, loads what was asked for, then the app.

import inspector from 'node:inspector'
import module, { createRequire } from 'node:module'
import { existsSync, readFileSync, statSync } from 'node:fs'
import { dirname, join, resolve } from 'node:path'
import { pathToFileURL } from 'node:url'
import { Chromium, findChromium } from './chromium.ts'
import { note, runtime, type Manifest } from './runtime.ts'

const require = createRequire(import.meta.url)
const NO_CHROMIUM = `Spindle needs a browser to draw its window in, and found none: no Chromium, Chrome or Edge.
Install one:  sudo apt-get install chromium      (Debian)
              sudo snap install chromium         (Ubuntu)
              sudo dnf install chromium          (Fedora)
or name one:  STANDIN_CHROMIUM=/path/to/chromium npm start`

interface CommandLine {
  readonly preloads: readonly string[]
  readonly app: string
  readonly rest: readonly string[]
}

/** `electron [switches] [-r module] <app> [arguments]`; Chromium reads switches after the app as well. */
function readCommandLine(words: readonly string[]): CommandLine {
  const preloads: string[] = []
  const rest: string[] = []
  let app: string | undefined
  for (let index = 0; index < words.length; index++) {
    const word = words[index] ?? ''
    if (app === undefined && (word === '-r' || word === '--require')) {
      preloads.push(words[++index] ?? '')
      continue
    }
    if (word.startsWith('--')) {
      const [, name = '', value = ''] = /^--([^=]*)=?(.*)$/s.exec(word) ?? []
      runtime.switches.set(name, value)
      if (app !== undefined) rest.push(word)
    } else if (app === undefined) app = word
    else rest.push(word)
  }
  return { preloads, app: app ?? '.', rest }
}

function folderOf(path: string): string {
  if (statSync(path).isDirectory()) return path
  const folder = dirname(path)
  const isTop = dirname(folder) === folder
  return isTop || existsSync(join(folder, 'package.json')) ? folder : folderOf(folder)
}

function electronVersion(): string {
  return (require('electron/package.json') as { readonly version: string }).version
}

export async function launch(words: readonly string[]): Promise<void> {
  const { preloads, app: named, rest } = readCommandLine(words)
  const path = resolve(named)
  const folder = folderOf(path)
  const manifest = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8')) as Manifest
  runtime.manifest = manifest
  runtime.appPath = folder
  const hasScreen = process.platform !== 'linux' || Boolean(process.env['DISPLAY'] ?? process.env['WAYLAND_DISPLAY'])
  runtime.headless = process.env['STANDIN_HEADLESS'] === '1' || !hasScreen

  Object.defineProperty(process.versions, 'electron', { value: electronVersion(), enumerable: true })
  Object.assign(process, { type: 'browser', defaultApp: true, resourcesPath: join(folder, 'resources') })
  // As Electron leaves it; Playwright's loader cuts everything up to this switch away.
  const debugging = runtime.switches.has('remote-debugging-port') ? ['--remote-debugging-port=0'] : []
  process.argv = [process.argv[0] ?? 'electron', ...debugging, named, ...rest]

  const chromium = findChromium()
  if (chromium === undefined) {
    console.error(NO_CHROMIUM)
    process.exit(1)
  }
  const api = new URL('./api.ts', import.meta.url).href
  module.registerHooks({
    resolve: (specifier, context, next) =>
      /^electron(\/(main|common))?$/.test(specifier)
        ? { url: api, format: 'module-typescript', shortCircuit: true }
        : next(specifier, context),
  })
  const inspect = runtime.switches.get('inspect')
  if (inspect !== undefined) inspector.open(Number(inspect.split(':').at(-1)))
  // Only now: `app` takes its name from the runtime when it is made.
  const { app, becomeReady } = await import('./app.ts')
  const { WebContents } = await import('./web-contents.ts')
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
    process.on(signal, () => {
      // As in Electron, an app that listens itself is left to itself.
      if (process.listenerCount(signal) === 1) app.quit()
    })
  }
  for (const preload of preloads) require(preload)
  const main = path === folder ? resolve(folder, manifest.main ?? 'index.js') : path
  await import(pathToFileURL(main).href)
  if (runtime.quitting) return

  const browser = new Chromium({
    path: chromium,
    profile: join(app.getPath('sessionData'), 'standin'),
    headless: runtime.headless,
    port: runtime.switches.get('remote-debugging-port'),
  })
  runtime.browser = browser
  browser.onExit(() => {
    if (runtime.quitting) return
    note('Chromium has ended')
    if (runtime.windows.size === 0) app.exit(1)
    // Without windows the app decides what becomes of it.
    for (const contents of WebContents.getAllWebContents()) WebContents.end(contents)
  })
  browser.cdp.on('Target.targetDestroyed', ({ targetId }) => {
    const contents = WebContents.fromDevToolsTargetId(targetId)
    if (contents) WebContents.end(contents)
  })
  browser.cdp.on('Target.targetCreated', ({ targetInfo: { openerId, type, targetId } }) => {
    // A window that a page has opened past the bridge, as a form can.
    if (type !== 'page' || openerId === undefined || !WebContents.fromDevToolsTargetId(openerId)) return
    browser.cdp.send('Target.closeTarget', { targetId }).catch(() => undefined)
  })
  await browser.cdp.send('Target.setDiscoverTargets', { discover: true })
  // An empty list refuses every permission there is.
  await browser.cdp.send('Browser.grantPermissions', { permissions: [] })
  const { product } = await browser.cdp.send('Browser.getVersion')
  Object.defineProperty(process.versions, 'chrome', { value: product.split('/')[1] ?? '', enumerable: true })
  becomeReady()
}
