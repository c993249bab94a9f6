// `npm start` on machines that lack something, and without a window.

import { spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync, symlinkSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll, expect, test } from 'vitest'

const root = fileURLToPath(new URL('../../', import.meta.url))
const start = join(root, 'electron/dev/start.ts')
const home = mkdtempSync(join(tmpdir(), 'spindle-start-'))
const { DISPLAY: _display, WAYLAND_DISPLAY: _wayland, ...inherited } = process.env
const environment = { ...inherited, HOME: home, SPINDLE_STANDIN: '1' }

afterAll(() => rmSync(home, { recursive: true, force: true, maxRetries: 5 }))

test('with no display it says what can be done, and exits 1', () => {
  const { status, stderr } = spawnSync(process.execPath, [start], { env: environment, encoding: 'utf8' })
  expect(status).toBe(1)
  for (const words of ['xvfb-run npm start', 'npm start -- --headless', 'spindle.js']) expect(stderr).toContain(words)
  expect(stderr).not.toMatch(/^\s+at /m)
})

test('with no browser it says what to install, and exits 1', () => {
  const folder = join(home, 'bin')
  symlinkSync(join(process.execPath, '..'), folder)
  const env = { ...environment, PATH: folder, STANDIN_CHROMIUM: '' }
  const { status, stderr } = spawnSync(process.execPath, [start, '--headless'], { env, encoding: 'utf8' })
  expect(status).toBe(1)
  for (const words of ['Install one', 'apt-get install chromium', 'snap install chromium'])
    expect(stderr).toContain(words)
  expect(stderr).not.toMatch(/^\s+at /m)
})

test.each(['SIGINT', 'SIGTERM'] as const)(
  'without a window it tells its DevTools address, and %s ends it',
  async (signal) => {
    const app = spawn(process.execPath, [start, '--headless'], {
      env: environment,
      stdio: ['ignore', 'ignore', 'pipe'],
    })
    let errors = ''
    const listening = Promise.withResolvers<void>()
    app.stderr.setEncoding('utf8').on('data', (text: string) => {
      errors += text
      if (/^DevTools listening on ws:/m.test(errors)) listening.resolve()
    })
    await listening.promise
    expect(errors).toContain('chrome://inspect')
    const ended = once(app, 'exit')
    app.kill(signal)
    expect(await ended).toEqual([0, null])
  },
)
