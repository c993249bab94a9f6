// A stranger's first minute: a fresh clone, an empty npm cache, and the two commands of the README.

import { spawn, spawnSync } from 'node:child_process'
import { copyFileSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { delimiter, dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { countPixels, readFramebuffer, writePng } from '../helpers/framebuffer.ts'
import { afterAll, beforeAll, expect, test } from 'vitest'

const root = fileURLToPath(new URL('../../', import.meta.url))
const screenshot = join(root, 'test-results', 'start', 'window.png')
const work = mkdtempSync(join(tmpdir(), 'spindle-fresh-'))
const clone = join(work, 'spindle')
const MINUTE = 60_000
/** The colour of the one button to start with, in the light and in the dark theme. */
const ACCENTS = [0x0b6b5d, 0x4fc4ae]

/** The environment of someone who has Node and npm, and nothing of this checkout. */
function strangersEnvironment(extra: Record<string, string> = {}): NodeJS.ProcessEnv {
  const inherited = Object.entries(process.env).filter(
    ([name]) => !/^(npm_|NODE|VITEST|DISPLAY$|WAYLAND_DISPLAY$|SPINDLE_|ELECTRON_)/i.test(name),
  )
  const path = (process.env['PATH'] ?? '').split(delimiter).filter((folder) => !folder.includes('node_modules'))
  return {
    ...Object.fromEntries(inherited),
    PATH: path.join(delimiter),
    HOME: join(work, 'home'),
    npm_config_cache: join(work, 'npm-cache'),
    ...extra,
  }
}

/** What git would hand out: committed files, and those about to be. */
function copyWorkTree(): void {
  const listed = spawnSync('git', ['ls-files', '-z', '--cached', '--others', '--exclude-standard'], {
    cwd: root,
    encoding: 'utf8',
  })
  for (const file of listed.stdout.split('\0').filter((name) => name !== '' && existsSync(join(root, name)))) {
    mkdirSync(dirname(join(clone, file)), { recursive: true })
    copyFileSync(join(root, file), join(clone, file))
  }
}

function readmeCommand(words: string): string {
  const readme = readFileSync(join(clone, 'README.md'), 'utf8')
  const line = readme.split('\n').find((one) => one.trim() === words)
  expect(line, `the README shows the command "${words}"`).toBeDefined()
  return words
}

beforeAll(() => {
  mkdirSync(join(work, 'home'), { recursive: true })
  copyWorkTree()
}, MINUTE)

afterAll(() => rmSync(work, { recursive: true, force: true, maxRetries: 5 }))

test('with no display, `npm ci && npm start` says what to do and exits 1', { timeout: 10 * MINUTE }, () => {
  const result = spawnSync('sh', ['-c', readmeCommand('npm ci && npm start')], {
    cwd: clone,
    env: strangersEnvironment(),
    encoding: 'utf8',
  })
  expect(result.status, result.stdout + result.stderr).toBe(1)
  expect(result.stderr).toContain('xvfb-run npm start')
  expect(result.stderr).toContain('npm start -- --headless')
  expect(result.stderr).not.toMatch(/^\s+at /m)
})

test('under a display, `npm start` opens the window', { timeout: 10 * MINUTE }, async () => {
  const server = spawn('Xvfb', ['-displayfd', '3', '-screen', '0', '1400x900x24', '-nolisten', 'tcp', '-fbdir', work], {
    stdio: ['ignore', 'ignore', 'ignore', 'pipe'],
  })
  const display = await firstLine(server.stdio[3])
  const env = strangersEnvironment({ DISPLAY: `:${display}` })
  const app = spawn('npm', ['start'], { cwd: clone, env, stdio: ['ignore', 'pipe', 'pipe'], detached: true })
  let output = ''
  app.stdout.on('data', (text: Buffer) => (output += text.toString()))
  app.stderr.on('data', (text: Buffer) => (output += text.toString()))
  let ended = false
  app.once('exit', () => (ended = true))
  try {
    const window = await until(() => {
      if (ended) throw new Error(`npm start ended before there was a window:\n${output}`)
      const tree = spawnSync('xwininfo', ['-root', '-tree'], { env, encoding: 'utf8' }).stdout
      return /^\s+(0x[0-9a-f]+) "[^"]*Spindle[^"]*":.*\s(\d{3,})x(\d{3,})\+/m.exec(tree)
    })
    expect(Number(window[2])).toBeGreaterThanOrEqual(960)
    expect(Number(window[3])).toBeGreaterThanOrEqual(600)
    mkdirSync(dirname(screenshot), { recursive: true })
    await until(takeScreenshot)
  } finally {
    if (app.pid !== undefined && !ended) process.kill(-app.pid, 'SIGTERM')
    await until(() => ended)
    server.kill()
  }
})

/** Keeps what the display shows, once the first button of an empty library is drawn on it. */
function takeScreenshot(): boolean {
  const picture = readFramebuffer(join(work, 'Xvfb_screen0'))
  if (ACCENTS.every((accent) => countPixels(picture, accent) < 500)) return false
  writePng(screenshot, picture)
  return true
}

async function firstLine(stream: unknown): Promise<string> {
  let text = ''
  for await (const chunk of stream as AsyncIterable<Buffer>) {
    text += chunk.toString()
    if (text.includes('\n')) return text.trim()
  }
  throw new Error('Xvfb did not start')
}

/** Asks again until there is an answer; the test's own timeout is the limit. */
async function until<T>(ask: () => T | null | undefined | false): Promise<T> {
  for (;;) {
    const answer = ask()
    if (answer !== null && answer !== undefined && answer !== false) return answer
    await new Promise((resolve) => setTimeout(resolve, 200))
  }
}
