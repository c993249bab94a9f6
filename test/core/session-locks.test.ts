// Encrypted volumes in the window's engine: unlocked for a while or for the session, and no passphrase where it can be read.

import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterEach, expect, test } from 'vitest'
import { createEngine } from '../../core/index.ts'
import type { Engine, Job, JobSpec } from '../../core/model/index.ts'
import { PASSPHRASE } from '../helpers/keyring.ts'
import { CryptTools } from '../helpers/crypt-tools.ts'
import { newestOracle } from '../helpers/oracles.ts'
import { scratchFolder } from '../helpers/scratch.ts'
import { spindleHere } from '../helpers/spindle.ts'

const engines: Engine[] = []

afterEach(async () => {
  for (const engine of engines.splice(0)) await engine.close()
})

interface Session {
  readonly engine: Engine
  readonly folder: string
  readonly said: unknown[]
  readonly run: (spec: JobSpec) => Promise<Job>
}

function session(): Session {
  const said: unknown[] = []
  const waiting = new Map<string, (job: Job) => void>()
  const ended = new Map<string, Job>()
  const engine = createEngine({
    emit: (name, value) => {
      said.push(value)
      if (name !== 'job') return
      const job = value as Job
      if (job.endedAt === undefined) return
      ended.set(job.id, job)
      waiting.get(job.id)?.(job)
    },
  })
  engines.push(engine)
  return {
    engine,
    folder: scratchFolder(),
    said,
    run: async (spec) => {
      const id = await engine.startJob(spec)
      return ended.get(id) ?? new Promise((resolve) => void waiting.set(id, resolve))
    },
  }
}

const bytes = (text: string): Uint8Array => new TextEncoder().encode(text)

/** An encrypted image, made the window's way. */
async function newImage({ engine, folder, run }: Session, name = 'disk.qcow2', passphrase = PASSPHRASE) {
  const path = join(folder, name)
  const secret = await engine.holdSecret(bytes(passphrase))
  const options = { 'encrypt.format': 'luks', 'encrypt.key-secret': secret, 'encrypt.iter-time': 1 }
  const job = await run({ kind: 'create', target: path, format: 'qcow2', virtualSize: 64 * 1024, options })
  expect(job.state.kind).toBe('succeeded')
  return path
}

const unlockWith = (engine: Engine, path: string, passphrase: string, remember = false) =>
  engine.unlock({ path, passphrase: bytes(passphrase), remember, evenLong: false })

test('a passphrase is used once, overwritten, and told nowhere', async () => {
  const here = session()
  const { engine, folder, run, said } = here
  const path = await newImage(here)
  expect(await engine.lockedFile(path)).toBe(path)
  const given = bytes(PASSPHRASE)
  await engine.unlock({ path, passphrase: given, remember: false, evenLong: false })
  expect(given.every((byte) => byte === 0)).toBe(true)
  const again = await run({
    kind: 'create',
    target: join(folder, 'other.qcow2'),
    format: 'qcow2',
    virtualSize: 65_536,
    options: { 'encrypt.format': 'luks', 'encrypt.key-secret': 'held-1' },
  })
  expect(again.state).toMatchObject({ kind: 'failed', error: { code: 'invalid-argument' } })
  expect(existsSync(join(folder, 'other.qcow2'))).toBe(false)
  expect(JSON.stringify([said, await engine.jobs()])).not.toContain(PASSPHRASE)
})

test('what is not remembered is locked again once something was done with it, and what is remembered is not', async () => {
  const here = session()
  const { engine, run, folder } = here
  const path = await newImage(here)
  const convert = (target: string): JobSpec => ({
    kind: 'convert',
    source: path,
    target: join(folder, target),
    format: 'raw',
    options: {},
    compress: false,
    verify: true,
  })
  expect((await run(convert('a.raw'))).state).toMatchObject({ kind: 'failed', error: { code: 'locked' } })
  expect(await unlockWith(engine, path, 'something else')).toMatchObject({ kind: 'wrong', path })
  expect(await unlockWith(engine, path, PASSPHRASE)).toEqual({ kind: 'unlocked' })
  expect(await engine.lockedFile(path)).toBeUndefined()
  expect((await run(convert('a.raw'))).state.kind).toBe('succeeded')
  expect(await engine.lockedFile(path)).toBe(path)

  expect(await unlockWith(engine, path, PASSPHRASE, true)).toEqual({ kind: 'unlocked' })
  expect((await run(convert('b.raw'))).state.kind).toBe('succeeded')
  await engine.lock()
  expect(await engine.lockedFile(path)).toBeUndefined()
  await engine.lock(path)
  expect(await engine.lockedFile(path)).toBe(path)
  // Looked at without anything being done, it is locked when one turns away.
  await unlockWith(engine, path, PASSPHRASE)
  await engine.lock()
  expect(await engine.lockedFile(path)).toBe(path)
})

test('a base under another passphrase is asked for next', async () => {
  const here = session()
  const { engine, run } = here
  const base = await newImage(here, 'base.qcow2', 'the one below')
  await unlockWith(engine, base, 'the one below')
  const secret = await engine.holdSecret(bytes(PASSPHRASE))
  const top = join(here.folder, 'top.qcow2')
  const options = { 'encrypt.format': 'luks', 'encrypt.key-secret': secret, 'encrypt.iter-time': 1 }
  await run({ kind: 'create', target: top, format: 'qcow2', options, backing: { path: base, format: 'qcow2' } })
  expect(await unlockWith(engine, top, PASSPHRASE)).toEqual({ kind: 'next', path: base })
  expect(await unlockWith(engine, top, 'the one below')).toEqual({ kind: 'unlocked' })
})

test('a header that asks for minutes of work is not tried before someone says so', async () => {
  const here = session()
  const path = await newImage(here)
  const file = readFileSync(path)
  const header = file.indexOf('LUKS\xba\xbe', 0, 'latin1')
  file.writeUInt32BE(0xffff_ffff, header + 208 + 4)
  writeFileSync(path, file)
  const outcome = await unlockWith(here.engine, path, PASSPHRASE)
  expect(outcome).toMatchObject({ kind: 'long', path })
  expect(outcome.kind === 'long' && outcome.seconds).toBeGreaterThan(600)
})

test('passphrases are added, changed and removed, the last one only at a word; a header can be kept', async () => {
  const here = session()
  const { engine, folder } = here
  const path = await newImage(here)
  const opens = async (passphrase: string): Promise<boolean> => {
    await engine.lock(path)
    return (await unlockWith(engine, path, passphrase)).kind === 'unlocked'
  }
  const backup = join(folder, 'header')
  await engine.backupHeader(path, backup)
  await expect(engine.backupHeader(path, backup)).rejects.toMatchObject({ code: 'exists' })
  const header = readFileSync(path).indexOf('LUKS\xba\xbe', 0, 'latin1')
  const kept = readFileSync(backup)
  expect(kept.equals(readFileSync(path).subarray(header, header + kept.length))).toBe(true)

  await expect(
    engine.changeKeys(path, { kind: 'add', known: bytes('wrong'), added: bytes('second'), milliseconds: 1 }),
  ).rejects.toMatchObject({ code: 'locked' })
  await engine.changeKeys(path, { kind: 'add', known: bytes(PASSPHRASE), added: bytes('second'), milliseconds: 1 })
  expect(await opens('second')).toBe(true)
  await engine.changeKeys(path, { kind: 'replace', known: bytes('second'), added: bytes('third'), milliseconds: 1 })
  expect(await opens('second')).toBe(false)
  expect(await opens('third')).toBe(true)
  expect(await opens(PASSPHRASE)).toBe(true)
  // It is still unlocked: changing who knows the key does not change the key.
  expect(await engine.lockedFile(path)).toBeUndefined()
  await engine.changeKeys(path, { kind: 'remove', known: bytes(PASSPHRASE), slot: 0, evenLast: false })
  expect(await opens(PASSPHRASE)).toBe(false)
  const last = { kind: 'remove', slot: 2, evenLast: false } as const
  await expect(engine.changeKeys(path, { ...last, known: bytes('third') })).rejects.toMatchObject({
    code: 'invalid-argument',
  })
  await engine.changeKeys(path, { ...last, known: bytes('third'), evenLast: true })
  expect(await opens('third')).toBe(false)
  expect(existsSync(`${path}.luks-header`)).toBe(false)
})

test('images in the old AES encryption are unlocked as well', async () => {
  const { engine, folder } = session()
  const tools = new CryptTools(folder)
  const path = join(folder, 'old.qcow2')
  tools.img(newestOracle(), 'create', '-q', '-f', 'qcow2', '-o', 'encrypt.format=aes,encrypt.key-secret=s', path, '1M')
  expect(await engine.lockedFile(path)).toBe(path)
  expect(await unlockWith(engine, path, PASSPHRASE)).toEqual({ kind: 'unlocked' })
  expect((await engine.allocation(path, 4)).virtualSize).toBe(1024 * 1024)
  expect((await spindleHere('info', path)).code).toBe(0)
})
