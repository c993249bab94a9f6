// The engine behind its port: calls, replies, events, and what becomes of them when it dies.

import { once } from 'node:events'
import { MessageChannel } from 'node:worker_threads'
import { fileURLToPath } from 'node:url'
import { afterEach, expect, test } from 'vitest'
import type { EngineEvent, EngineMessage } from '../../electron/contract/engine-port.ts'
import { serveEngine } from '../../electron/engine/serve.ts'
import { EngineHost } from '../../electron/main/engine-host.ts'
import { EngineLink, engineFrom } from '../../electron/main/engine-link.ts'
import type { ErrorData } from '../../core/model/index.ts'
import { createFakeEngine } from './fake-engine.ts'

const worker = fileURLToPath(new URL('./fake-engine-worker.ts', import.meta.url))
const hosts: EngineHost[] = []

afterEach(async () => {
  await Promise.all(hosts.splice(0).map((host) => host.stop()))
})

function openLink() {
  const { port1, port2 } = new MessageChannel()
  const events: EngineEvent[] = []
  serveEngine(port2, createFakeEngine)
  const link = new EngineLink(
    (request) => port1.postMessage(request, []),
    (event) => events.push(event),
  )
  port1.on('message', (message: EngineMessage) => link.receive(message))
  return { engine: engineFrom((method, args) => link.call(method, args)), events, link, port: port1 }
}

function openHost() {
  const events: EngineEvent[] = []
  const deaths: { readonly error: ErrorData; readonly restarted: boolean }[] = []
  const host = new EngineHost({
    worker,
    data: { journal: '/nowhere' },
    onEvent: (event) => events.push(event),
    onDeath: (error, restarted) => deaths.push({ error, restarted }),
  })
  hosts.push(host)
  return { host, events, deaths }
}

test('a call reaches the engine and its answer comes back', async () => {
  const { engine, port } = openLink()
  expect(await engine.inspect('/a.img')).toMatchObject([{ path: '/a.img', virtualSize: 1024 }])
  expect((await engine.allocation('/a.img', 3)).cells).toEqual(['hole', 'hole', 'hole'])
  port.close()
})

test('an error crosses with its code, its sentence and its place', async () => {
  const { engine, port } = openLink()
  await expect(engine.inspect('/b.missing')).rejects.toMatchObject({
    name: 'SpindleError',
    code: 'not-found',
    message: 'There is no file /b.missing.',
    path: '/b.missing',
    offset: 7,
  })
  await expect(engine.inspect('/mistake')).rejects.toMatchObject({
    code: 'internal',
    message: 'Spindle made a mistake: undefined is not a function',
  })
  port.close()
})

test('events come in the order they were told, before the reply that follows them', async () => {
  const { engine, events, port } = openLink()
  const id = await engine.startJob({ kind: 'create', target: '/n.img', format: 'raw', options: {} })
  await engine.cancelJob(id)
  await engine.dismissJob(id)
  expect(events.map(({ name }) => name)).toEqual(['job', 'job', 'jobDismissed'])
  port.close()
})

test('a method the engine does not have is refused', async () => {
  const { link, port } = openLink()
  for (const method of ['constructor', '__proto__', 'toString', 'nothing']) {
    await expect(link.call(method as 'jobs', [])).rejects.toMatchObject({ code: 'internal' })
  }
  port.close()
})

test('closing answers and then closes the port', async () => {
  const { engine, port } = openLink()
  const closed = once(port, 'close')
  expect(await engine.close()).toBeUndefined()
  await closed
})

test.each([
  ['ends', '/exit'],
  ['throws where nobody catches', '/throw'],
])('an engine that %s fails what was asked of it, and a new one answers', async (_how, path) => {
  const { host, deaths } = openHost()
  await host.engine.inspect('/fine.img')
  const waiting = host.engine.inspect('/hang')
  const dying = host.engine.inspect(path).catch(() => undefined)
  await expect(waiting).rejects.toMatchObject({
    code: 'internal',
    message: expect.stringContaining('sources are unchanged'),
  })
  await dying
  expect(deaths).toMatchObject([{ restarted: true, error: { code: 'internal' } }])
  expect(await host.engine.inspect('/fine.img')).toHaveLength(1)
})

test('an engine that keeps dying is left alone, and says so', async () => {
  const { host, deaths } = openHost()
  for (let death = 0; death < 3; death++) await host.engine.inspect('/exit').catch(() => undefined)
  expect(deaths.map(({ restarted }) => restarted)).toEqual([true, true, false])
  await expect(host.engine.formats()).rejects.toMatchObject({ message: expect.stringContaining('keeps failing') })
})

test('stopping waits for the engine to end, and nothing can be asked of it afterwards', async () => {
  const { host, deaths } = openHost()
  await host.engine.formats()
  await host.stop()
  await expect(host.engine.formats()).rejects.toMatchObject({ code: 'cancelled' })
  expect(deaths).toEqual([])
})
