// The door between the page and main: what gets through, and what does not.

import { mkdtempSync, readdirSync, realpathSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import type { Api, Reply } from '../../electron/contract/api.ts'
import type { Granted } from '../../electron/contract/data.ts'
import { ROUTES } from '../../electron/contract/routes.ts'
import { createEngineApi } from '../../electron/main/engine-api.ts'
import { Granting } from '../../electron/main/granting.ts'
import { Grants } from '../../electron/main/grants.ts'
import { JobMirror } from '../../electron/main/job-mirror.ts'
import { LibraryMirror, type EmitToPage } from '../../electron/main/library-mirror.ts'
import { createRouter, type Router, type Sender } from '../../electron/main/router.ts'
import type { ErrorData } from '../../core/model/index.ts'
import { createFakeEngine } from './fake-engine.ts'
import { TEN_MEGABYTES, hostileRequests, withLongTexts } from './hostile.ts'

const PAGE: Sender = { ourWindow: true, topFrame: true, url: 'spindle://app/index.html' }
const asked: string[] = []
let folder: string
let router: Router
let ids: { readonly folder: string; readonly volume: string }

beforeEach(async () => {
  folder = realpathSync(mkdtempSync(join(tmpdir(), 'spindle-router-')))
  writeFileSync(join(folder, 'a.img'), 'data')
  router = openRouter()
  const [volume, place] = await grant([
    { name: 'a.img', path: join(folder, 'a.img') },
    { name: 'x', path: folder },
  ])
  if (volume?.kind !== 'volume' || place?.kind !== 'folder') throw new Error('nothing was granted')
  ids = { folder: place.folder.id, volume: volume.id }
  asked.length = 0
})

afterEach(() => rmSync(folder, { recursive: true }))

const emit: EmitToPage = () => undefined

async function note(what: string): Promise<never> {
  asked.push(what)
  throw new Error('not asked in this test')
}

/** The engine's part is Spindle's own; the shell's, which needs Electron, only notes that it was asked. */
function openRouter(): Router {
  const grants = new Grants()
  const jobs = new JobMirror(grants, emit)
  const library = new LibraryMirror(grants, emit)
  const engine = createFakeEngine({
    emit: (name, value) => {
      if (name === 'job') jobs.receive(value as Parameters<JobMirror['receive']>[0])
      asked.push(name)
    },
  })
  const granting = new Granting(engine, grants)
  const shell = {
    volumes: async (start: number) => library.volumes(start),
    folder: async (id: string) => granting.folder(grants.folderPath(id)),
    folderOf: async (id: string) => granting.folder(dirname(grants.volumePath(id))),
    removePlace: async (id: string) => void grants.placePath(id),
    allowOutside: async (id: string) => grants.volumePath(id) !== '',
    showInFolder: async (id: string) => void grants.volumePath(id),
    addToLibrary: async (items: readonly string[]) => items.forEach((id) => grants.anyPath(id)),
    overview: () => note('overview'),
    chooseFolder: () => note('chooseFolder'),
    chooseFiles: () => note('chooseFiles'),
    copyText: () => note('copyText'),
    saveSettings: () => note('saveSettings'),
  }
  const api: Api = { ...createEngineApi(engine, grants, jobs), ...shell }
  return createRouter({ api, grant: (files) => granting.all(files) })
}

async function grant(files: readonly { readonly name: string; readonly path: string }[]): Promise<readonly Granted[]> {
  const reply = (await router.grant(PAGE, files)) as Reply<readonly Granted[]>
  return reply.ok ? reply.value : []
}

const REFUSALS = ['invalid-argument', 'access-denied', 'not-found']

function refusalOf(reply: Reply<unknown>): ErrorData | undefined {
  return reply.ok ? undefined : reply.error
}

function ask(method: string, ...args: readonly unknown[]): Promise<Reply<unknown>> {
  return router.request(PAGE, { method, args })
}

test('a granted volume can be asked about', async () => {
  expect(await ask('inspect', ids.volume)).toMatchObject({ ok: true, value: [{ path: join(folder, 'a.img') }] })
})

test('names become paths in granted folders, and backing ids become paths with their format', async () => {
  const request = { kind: 'create', folder: ids.folder, name: 'new.qcow2', format: 'qcow2', options: {} }
  expect(await ask('startJob', { ...request, backing: ids.volume })).toEqual({ ok: true, value: 'job-1' })
  const plan = { ...request, kind: 'convert', source: ids.volume, compress: false, verify: false }
  expect(await ask('planConvert', plan)).toMatchObject({
    ok: true,
    value: { command: ['convert', join(folder, 'a.img'), join(folder, 'new.qcow2')] },
  })
})

test('a volume that is changed in place, and what is to lie below it, are named by ids', async () => {
  const [other, elsewhere] = await grant([
    { name: 'b:1.img', path: join(folder, 'b:1.img') },
    { name: 'c.img', path: '/elsewhere/c.img' },
  ])
  if (other?.kind !== 'volume' || elsewhere?.kind !== 'volume') throw new Error('nothing was granted')
  const { volume } = ids
  const action = { kind: 'create', name: 'before upgrade' }
  expect(await ask('startJob', { kind: 'snapshot', volume, action, keepUndo: true })).toMatchObject({ ok: true })
  const resize = { kind: 'resize', volume, virtualSize: 1, shrink: true, preallocation: 'off' }
  expect(await ask('planResize', resize)).toMatchObject({ value: { command: ['resize', join(folder, 'a.img')] } })
  const rebase = { kind: 'rebase', volume, nameOnly: false }
  const command = ['rebase', join(folder, 'a.img')]
  expect(await ask('planRebase', rebase)).toMatchObject({ value: { command: [...command, '', ''] } })
  expect(await ask('planRebase', { ...rebase, backing: other.id })).toMatchObject({
    value: { command: [...command, './b:1.img', 'raw'] },
  })
  expect(await ask('planRebase', { ...rebase, backing: elsewhere.id })).toMatchObject({
    value: { command: [...command, '/elsewhere/c.img', 'raw'] },
  })
  const commit = { kind: 'commit', volume, depth: 1, keepTop: false, allowOthers: false }
  expect(await ask('planCommit', commit)).toMatchObject({ value: { command: ['commit', join(folder, 'a.img'), ''] } })
  expect(await ask('undoOffer', volume)).toEqual({ ok: true, value: null })
})

test('a refusal of the engine comes back as a value', async () => {
  const [refused] = await grant([{ name: 'b.missing', path: '/b.missing' }])
  expect(refused).toMatchObject({ kind: 'refused', name: 'b.missing', error: { code: 'not-found' } })
})

test('a dropped thing that is no file of this machine is refused by its name', async () => {
  expect(await grant([{ name: 'picture', path: '' }])).toMatchObject([
    { kind: 'refused', name: 'picture', error: { code: 'not-found' } },
  ])
  expect(await grant([{ name: 'relative', path: 'a.img' }])).toMatchObject([{ kind: 'refused' }])
})

test.each<[string, Sender]>([
  ['another window', { ...PAGE, ourWindow: false }],
  ['a frame in the page', { ...PAGE, topFrame: false }],
  ['no page at all', { ...PAGE, url: '' }],
  ['a page of the web', { ...PAGE, url: 'https://example.org/index.html' }],
  ['a file', { ...PAGE, url: 'file:///etc/passwd' }],
  ['a host that starts like ours', { ...PAGE, url: 'spindle://app.example.org/index.html' }],
  ['a host behind a name', { ...PAGE, url: 'spindle://app@example.org/' }],
  ['a name before our host', { ...PAGE, url: 'spindle://someone@app/' }],
  ['another scheme', { ...PAGE, url: 'spindles://app/' }],
])('%s may ask for nothing', async (_who, sender) => {
  expect(await router.request(sender, { method: 'formats', args: [] })).toMatchObject({
    ok: false,
    error: { code: 'access-denied' },
  })
  expect(await router.grant(sender, [{ name: 'a.img', path: join(folder, 'a.img') }])).toMatchObject({ ok: false })
})

test('every hostile request is refused, touches no file and reaches nobody', async () => {
  const requests = hostileRequests(ids)
  expect(requests.length).toBeGreaterThan(40)
  for (const { what, method, args } of requests) {
    const error = refusalOf(await router.request(PAGE, withLongTexts({ method, args }, TEN_MEGABYTES)))
    expect(REFUSALS, `${what}: ${method}`).toContain(error?.code)
    expect(error?.message.length).toBeLessThan(300)
  }
  expect(asked).toEqual([])
  expect(readdirSync(folder)).toEqual(['a.img'])
})

test('what is no plain data is refused', async () => {
  const withProto = JSON.parse('{"method":"formats","args":[],"__proto__":{"polluted":true}}') as unknown
  const inside = JSON.parse('{"method":"saveSettings","args":[{"__proto__":{"theme":"dark"}}]}') as unknown
  const many = { method: 'formats', args: Array.from({ length: 30_000 }, () => 0) }
  const messages: readonly unknown[] = [
    withProto,
    inside,
    many,
    null,
    undefined,
    7,
    'formats',
    [[]],
    {},
    { method: 'formats' },
    { method: ['formats'], args: [] },
    { method: 'formats', args: {} },
    { method: 'formats', args: [], more: 1 },
    { method: 'inspect', args: [new Uint8Array(8)] },
    { method: 'inspect', args: [new Date()] },
    { method: 'inspect', args: [new Map([['a', 1]])] },
    { method: 'inspect', args: [Object.create({ inherited: true })] },
  ]
  for (const message of messages) {
    expect(await router.request(PAGE, message)).toMatchObject({ ok: false, error: { code: 'invalid-argument' } })
    expect(await router.grant(PAGE, message)).toMatchObject({ ok: false })
  }
  expect('polluted' in {}).toBe(false)
})

test('every route reads its arguments before it does anything', async () => {
  for (const method of Object.keys(ROUTES)) {
    const reply = await ask(method, {}, {}, {}, {})
    expect(reply, method).toMatchObject({ ok: false, error: { code: 'invalid-argument' } })
  }
  expect(asked).toEqual([])
})
