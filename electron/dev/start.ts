// `npm start`: opens Spindle in Electron where that is or can be had, otherwise in the system's Chromium.

import { spawn } from 'node:child_process'
import { createRequire } from 'node:module'
import { fileURLToPath } from 'node:url'
import { chooseElectron, electronIsHere, standInWanted, wantStandIn } from './runtime.ts'

const FETCH_SECONDS = 120
const root = fileURLToPath(new URL('../../', import.meta.url))
const require = createRequire(import.meta.url)

const NO_DISPLAY = `Spindle has nowhere to draw its window: neither DISPLAY nor WAYLAND_DISPLAY is set.
From a desktop session:          npm start
On a display that nobody sees:   xvfb-run npm start
With no window, for DevTools:    npm start -- --headless
Without a window at all:         node out/cli/spindle.js --help`

const HEADLESS = `Spindle runs without a window. Open chrome://inspect in a Chromium on this machine and
add the DevTools address printed below to see its page. Ctrl+C ends it.`

const headless = process.argv.includes('--headless')
const files = process.argv.slice(2).filter((word) => word !== '--headless')

if (process.platform === 'linux' && !headless && !process.env['DISPLAY'] && !process.env['WAYLAND_DISPLAY']) {
  console.error(NO_DISPLAY)
  process.exit(1)
}
if (headless) {
  wantStandIn()
  process.env['STANDIN_HEADLESS'] = '1'
  console.error(HEADLESS)
} else if (!standInWanted() && !electronIsHere()) {
  const problem = await fetchElectron()
  if (problem !== undefined) console.error(standInMessage(problem))
}
chooseElectron()
process.exitCode = await runApplication()

/** The reason, when Electron could not be fetched. */
async function fetchElectron(): Promise<string | undefined> {
  console.error('Electron is not on this machine yet. Fetching it…')
  const child = spawn(process.execPath, [require.resolve('electron/install.js')], {
    stdio: ['ignore', 'ignore', 'pipe'],
    timeout: FETCH_SECONDS * 1000,
    killSignal: 'SIGKILL',
  })
  let errors = ''
  child.stderr.on('data', (text: Buffer) => (errors += text.toString()))
  const ended = Promise.withResolvers<{ readonly code: number | null; readonly failure?: Error }>()
  child.once('error', (failure) => ended.resolve({ code: 1, failure }))
  child.once('close', (code) => ended.resolve({ code }))
  const { code, failure } = await ended.promise
  if (code === 0 && electronIsHere()) return undefined
  if (code === null) return `it took more than ${FETCH_SECONDS} seconds`
  return (
    failure?.message ?? /^\s*(?:\w*Error:? .*|.*\bE[A-Z]{4,}\b.*)$/m.exec(errors)?.[0].trim() ?? 'the download failed'
  )
}

function standInMessage(problem: string): string {
  return `Electron could not be fetched (${problem}).
Spindle opens in the system's Chromium instead: the same application, without native menus.
For Electron itself, let this machine reach github.com or set ELECTRON_MIRROR, and start again.
To go without trying:  SPINDLE_STANDIN=1 npm start`
}

function runApplication(): Promise<number> {
  const debugging = headless ? ['--remote-debugging-port=0'] : []
  const child = spawn(process.execPath, [require.resolve('electron/cli.js'), '.', ...debugging, ...files], {
    cwd: root,
    stdio: 'inherit',
  })
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, () => child.kill(signal))
  return new Promise((resolve) => child.once('exit', (code) => resolve(code ?? 1)))
}
