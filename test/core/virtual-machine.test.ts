// A virtual machine that has a disk open, and Spindle, each of which finds the other there. It never runs: it is only
// started, as far as opening its disks.

import { spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { writeFileSync } from 'node:fs'
import { userInfo } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { expect, onTestFinished, test } from 'vitest'
import { commit } from '../../core/operations/commit.ts'
import { convert } from '../../core/operations/convert.ts'
import { inspect } from '../../core/operations/inspect.ts'
import { systemParts } from '../../core/operations/parts.ts'
import { resize } from '../../core/operations/resize.ts'
import { snapshot } from '../../core/operations/snapshot.ts'
import { ImageLocks } from '../../core/storage/image-locks.ts'
import { newestOracle } from '../helpers/oracles.ts'
import { convertJob, fingerprint, recorded } from '../helpers/run-operation.ts'
import { scratchFolder } from '../helpers/scratch.ts'

const MACHINE = 'qemu-system-x86_64'
const { context } = recorded()

/** The program and what it is given, for a machine called `name` with this disk. */
function wordsFor(name: string, path: string, format: string): readonly string[] {
  const bare = ['-S', '-accel', 'tcg', '-display', 'none', '-nodefaults', '-no-user-config', '-m', '64']
  return [...bare, '-name', name, '-drive', `file=${path},format=${format},if=virtio`, '-qmp', 'stdio']
}

/** Stopped before its first instruction, until the test ends. Returns the number of its process. */
async function machineOn(path: string, format = 'qcow2', name = 'guest=web1,debug-threads=on'): Promise<number> {
  const child = spawn(MACHINE, wordsFor(name, path, format), { stdio: ['pipe', 'pipe', 'ignore'] })
  const ended = once(child, 'exit')
  onTestFinished(async () => {
    child.kill()
    await ended
  })
  child.stdin.write('{"execute":"qmp_capabilities"}\n')
  // It answers when everything has been opened.
  for await (const line of createInterface(child.stdout)) if (line.includes('"return"')) break
  return child.pid ?? 0
}

/** What it says when it cannot start; undefined when it does. */
function startFails(path: string, format = 'qcow2'): string | undefined {
  const input = '{"execute":"qmp_capabilities"}\n{"execute":"quit"}\n'
  const { status, stderr } = spawnSync(MACHINE, wordsFor('web2', path, format), { input, encoding: 'utf8' })
  return status === 0 ? undefined : stderr
}

function qemuImg(...words: readonly string[]): void {
  const { status, stderr } = spawnSync(newestOracle().qemuImg, words, { encoding: 'utf8' })
  if (status !== 0) throw new Error(stderr)
}

function newChain(): { readonly base: string; readonly top: string; readonly folder: string } {
  const folder = scratchFolder()
  const [base, top] = [join(folder, 'base.qcow2'), join(folder, 'top.qcow2')]
  qemuImg('create', '-q', '-f', 'qcow2', base, '4M')
  qemuImg('create', '-q', '-f', 'qcow2', '-b', base, '-F', 'qcow2', top)
  return { base, top, folder }
}

test('a disk that a machine has open is not changed, and who has it is named', async () => {
  const { base, top, folder } = newChain()
  const pid = await machineOn(top)
  const before = [base, top].map(fingerprint)
  const message = expect.stringContaining(
    `is in use by the virtual machine “web1” (${MACHINE}, process ${pid}, user ${userInfo().username})`,
  ) as unknown
  const inUse = (path: string) => ({ code: 'in-use', path, message })
  const parts = systemParts('locked')
  const size = { virtualSize: 8 << 20, shrink: false, preallocation: 'off' } as const
  await expect(resize({ kind: 'resize', path: top, ...size }, context, parts)).rejects.toMatchObject(inUse(top))
  // What lies below is the machine's as well: it reads from there.
  await expect(resize({ kind: 'resize', path: base, ...size }, context, parts)).rejects.toMatchObject(inUse(base))
  const action = { kind: 'create', name: 'now' } as const
  await expect(snapshot({ kind: 'snapshot', path: top, action }, context, parts)).rejects.toMatchObject(inUse(top))
  const down = { kind: 'commit', path: top, keepTop: false, allowOthers: true } as const
  await expect(commit(down, context, parts)).rejects.toMatchObject(inUse(top))
  const copy = convertJob(top, join(folder, 'copy.qcow2'))
  await expect(convert(copy, context, parts)).rejects.toMatchObject(inUse(top))
  expect([base, top].map(fingerprint)).toEqual(before)
})

test('it can be looked at, and what lies below it can be copied', async () => {
  const { base, top, folder } = newChain()
  await machineOn(top)
  const chain = await inspect({ path: top, chain: true }, systemParts('shared'))
  expect(chain.map(({ path }) => path)).toEqual([top, base])
  expect(chain.some(({ unreadable }) => unreadable !== undefined)).toBe(false)
  await convert(convertJob(base, join(folder, 'copy.qcow2')), context, systemParts('locked'))
})

test('a plain disk is the machine’s alone, too', async () => {
  const path = join(scratchFolder(), 'disk.img')
  writeFileSync(path, Buffer.alloc(1 << 20))
  await machineOn(path, 'raw', 'web1')
  const parts = systemParts('locked')
  const size = { virtualSize: 8 << 20, shrink: false, preallocation: 'off' } as const
  await expect(resize({ kind: 'resize', path, format: 'raw', ...size }, context, parts)).rejects.toMatchObject({
    code: 'in-use',
    message: expect.stringContaining('“web1”') as unknown,
  })
})

test.each(['qcow2', 'raw'] as const)(
  'no machine starts on a %s disk that is being changed or copied',
  async (format) => {
    const path = join(scratchFolder(), 'disk')
    qemuImg('create', '-q', '-f', format, path, '4M')
    for (const access of ['write', 'read'] as const) {
      const storage = await new ImageLocks().open(path, access, 'locked')
      expect(startFails(path, format)).toContain('lock')
      await storage.close()
    }
    expect(startFails(path, format)).toBeUndefined()
  },
)

test('a machine starts while what lies below its disk is only read, and not while that is changed', async () => {
  const { base, top } = newChain()
  const read = await new ImageLocks().open(base, 'read', 'locked')
  expect(startFails(top)).toBeUndefined()
  await read.close()
  const written = await new ImageLocks().open(base, 'write', 'locked')
  expect(startFails(top)).toContain('lock')
  await written.close()
})
