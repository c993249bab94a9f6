// A release, packed without a network over an Electron that is only a name: what is in it, and that it runs.

import { execFile } from 'node:child_process'
import { chmodSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { extractAll, listPackage } from '@electron/asar'
import { _electron } from '@playwright/test'
import { afterAll, beforeAll, expect, test } from 'vitest'

const root = fileURLToPath(new URL('../../', import.meta.url))
const standIn = fileURLToPath(new URL('../standin/electron', import.meta.url))
const require = createRequire(import.meta.url)
const MINUTE = 60_000

/** Where a real Electron keeps its fuses: this mark, a version, how many there are, and `0` or `1` for each. */
const FUSE_MARK = 'dL7pKGdnNz796PbbjQWNKmHXBZaB9tsX'
const FUSES = [
  'runAsNode',
  'cookieEncryption',
  'nodeOptions',
  'nodeCliInspect',
  'asarIntegrity',
  'onlyLoadAppFromAsar',
  'browserProcessSnapshot',
  'fileProtocolPrivileges',
] as const

let work: string
let unpacked: string
let asar: string
let files: readonly string[]

beforeAll(async () => {
  if (!existsSync(join(root, 'out/main/main.js')))
    throw new Error('There is nothing to pack: npm run build comes first.')
  work = mkdtempSync(join(tmpdir(), 'spindle-pack-'))
  const electron = join(work, 'electron')
  emptyElectron(electron)
  await promisify(execFile)(
    process.execPath,
    [
      require.resolve('electron-builder/cli.js'),
      '--linux',
      'dir',
      '--publish',
      'never',
      `-c.electronDist=${electron}`,
      `-c.directories.output=${join(work, 'dist')}`,
    ],
    { cwd: root, env: { ...process.env, HOME: work } },
  )
  unpacked = join(work, 'dist/linux-unpacked')
  asar = join(unpacked, 'resources/app.asar')
  files = listPackage(asar, { isPack: false })
  extractAll(asar, join(work, 'app'))
}, 2 * MINUTE)

afterAll(() => rmSync(work, { recursive: true, force: true, maxRetries: 5 }))

function emptyElectron(folder: string): void {
  mkdirSync(join(folder, 'resources'), { recursive: true })
  const fuses = Buffer.from(FUSES.map(() => '0').join(''))
  const executable = Buffer.concat([Buffer.from(`#!/bin/sh\n# ${FUSE_MARK}`), Buffer.from([1, FUSES.length]), fuses])
  writeFileSync(join(folder, 'electron'), executable)
  chmodSync(join(folder, 'electron'), 0o755)
  const { version } = require('electron/package.json') as { readonly version: string }
  writeFileSync(join(folder, 'version'), version)
  for (const name of ['LICENSE', 'LICENSES.chromium.html']) writeFileSync(join(folder, name), '')
}

test('everything that runs is in it, and nothing else of ours', () => {
  for (const file of [
    'package.json',
    'out/main/main.js',
    'out/main/icon.png',
    'out/preload/preload.cjs',
    'out/renderer/index.html',
    'out/engine/engine.js',
    'out/engine/transfer-worker.js',
    'out/cli/main.js',
    'out/cli/spindle.js',
    'out/cli/transfer-worker.js',
  ]) {
    expect(files).toContain(`/${file}`)
  }
  const ours = files.filter((file) => !file.startsWith('/node_modules/'))
  expect(ours.filter((file) => /\.(map|tsx?|tsbuildinfo)$/.test(file))).toEqual([])
  const tops = new Set(ours.map((file) => file.split('/', 3).join('/')))
  const parts = ['/out/cli', '/out/engine', '/out/main', '/out/preload', '/out/renderer']
  expect([...tops].toSorted()).toEqual(['/node_modules', '/out', ...parts, '/package.json'])
})

test('of packages it has the native one alone, with its libraries as plain files', () => {
  const packages = files
    .filter((file) => file.startsWith('/node_modules/') && file.endsWith('/package.json'))
    .map((file) => file.split('/').slice(2, -1).join('/'))
  expect(packages.filter((name) => !/^(koffi|@koromix\/koffi-[\w-]+)(\/|$)/.test(name))).toEqual([])
  const natives = files.filter((file) => file.endsWith('.node'))
  expect(natives.length).toBeGreaterThan(0)
  for (const file of [...natives, '/out/engine/engine.js', '/out/engine/transfer-worker.js']) {
    expect(existsSync(join(`${asar}.unpacked`, file)), file).toBe(true)
  }
})

test('its fuses allow no other use of the executable', () => {
  const executable = readFileSync(join(unpacked, 'spindle'))
  const start = executable.indexOf(FUSE_MARK) + FUSE_MARK.length + 2
  const states = FUSES.map((name, index) => [name, String.fromCharCode(executable[start + index] ?? 0)])
  expect(Object.fromEntries(states)).toMatchObject({
    runAsNode: '0',
    nodeOptions: '0',
    nodeCliInspect: '0',
    asarIntegrity: '1',
    onlyLoadAppFromAsar: '1',
    fileProtocolPrivileges: '0',
  })
})

test('its native package loads from where it was packed', () => {
  const packed = createRequire(join(work, 'app/package.json'))
  expect(packed('koffi')).toMatchObject({ load: expect.any(Function) })
})

test('the desktop finds it by the name its windows have', () => {
  const manifest = JSON.parse(readFileSync(join(work, 'app/package.json'), 'utf8')) as Record<string, unknown>
  expect(manifest).toMatchObject({ main: 'out/main/main.js', desktopName: 'io.spindle.Spindle.desktop' })
})

test('what was packed runs with only what was packed', { timeout: MINUTE }, async () => {
  const app = await _electron.launch({
    executablePath: standIn,
    args: [join(work, 'app')],
    env: { ...(process.env as Record<string, string>), HOME: work, STANDIN_HEADLESS: '1' },
  })
  const page = await app.firstWindow()
  await page.waitForFunction(() => 'spindle' in window && document.querySelector('#root')?.firstElementChild !== null)
  const formats = await page.evaluate(() => window.spindle.formats())
  expect(formats).toMatchObject({ ok: true })
  expect(await page.title()).toBe('Spindle')
  await app.close()
})
