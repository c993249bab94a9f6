// Who may open an image while another has it: Spindle, QEMU, and Spindle a second time.

import { execFileSync, spawn } from 'node:child_process'
import { renameSync, writeFileSync } from 'node:fs'
import { once } from 'node:events'
import { join } from 'node:path'
import { describe, expect, onTestFinished, test } from 'vitest'
import { convert } from '../../core/operations/convert.ts'
import { inspect } from '../../core/operations/inspect.ts'
import { systemParts } from '../../core/operations/parts.ts'
import { resize } from '../../core/operations/resize.ts'
import { MiB } from '../../core/model/units.ts'
import { ImageLocks } from '../../core/storage/image-locks.ts'
import type { Sharing } from '../../core/storage/image-locks.ts'
import { oracles } from '../helpers/oracles.ts'
import type { Oracle } from '../helpers/oracles.ts'
import { convertJob, fingerprint, recorded } from '../helpers/run-operation.ts'
import { scratchFolder } from '../helpers/scratch.ts'

function newImage({ qemuImg }: Oracle, format = 'qcow2'): string {
  const path = join(scratchFolder(), `disk.${format}`)
  execFileSync(qemuImg, ['create', '-q', '-f', format, path, '4M'])
  return path
}

/** Has QEMU keep the image open until the test ends. Returns the number of its process. */
async function heldByQemu({ qemuIo }: Oracle, path: string, words: readonly string[]): Promise<number> {
  const child = spawn(qemuIo, [...words, path], { stdio: ['pipe', 'pipe', 'inherit'] })
  const ended = once(child, 'exit')
  onTestFinished(async () => {
    child.kill()
    await ended
  })
  // Its answer comes after the image has been opened.
  child.stdin.write('length\n')
  await once(child.stdout, 'data')
  return child.pid ?? 0
}

function succeeds(program: string, words: readonly string[]): boolean {
  try {
    execFileSync(program, words, { stdio: 'pipe' })
    return true
  } catch {
    return false
  }
}

const opening = async (path: string, access: 'read' | 'write', sharing: Sharing): Promise<boolean> => {
  try {
    await (await new ImageLocks().open(path, access, sharing)).close()
    return true
  } catch (error) {
    expect(error).toMatchObject({ code: 'in-use' })
    return false
  }
}

describe.each(oracles())('beside QEMU $version', (oracle) => {
  const { qemuImg, qemuIo } = oracle

  test.each([
    { ours: 'read', readers: true, writers: false },
    { ours: 'write', readers: false, writers: false },
  ] as const)('while Spindle has it open to $ours it', async ({ ours, readers, writers }) => {
    const path = newImage(oracle)
    const storage = await new ImageLocks().open(path, ours, 'locked')
    const read = [['info'], ['check', '-q'], ['map'], ['snapshot', '-l']].map((words) => [...words, path])
    expect(read.map((words) => succeeds(qemuImg, words))).toEqual(read.map(() => readers))
    const write = [
      ['resize', '-q', path, '5M'],
      ['snapshot', '-c', 'a', path],
      ['check', '-q', '-r', 'all', path],
    ]
    expect(write.map((words) => succeeds(qemuImg, words))).toEqual(write.map(() => writers))
    expect(succeeds(qemuIo, ['-c', 'write 0 64k', path])).toBe(writers)
    expect(succeeds(qemuImg, ['info', '-U', path])).toBe(true)

    await storage.close()
    expect(succeeds(qemuImg, ['resize', '-q', path, '5M'])).toBe(true)
  })

  test.each([
    { words: ['-r'], format: 'qcow2', may: { locked: true, tested: true, shared: true, write: false } },
    { words: [], format: 'qcow2', may: { locked: false, tested: false, shared: true, write: false } },
    { words: ['-f', 'raw'], format: 'raw', may: { locked: false, tested: false, shared: true, write: false } },
  ])('while it has a $format image open ($words)', async ({ words, format, may }) => {
    const path = newImage(oracle, format)
    await heldByQemu(oracle, path, words)
    expect({
      locked: await opening(path, 'read', 'locked'),
      tested: await opening(path, 'read', 'tested'),
      shared: await opening(path, 'read', 'shared'),
      write: await opening(path, 'write', 'locked'),
    }).toEqual(may)
  })

  test('jobs on an image it writes are refused, naming the process, and change nothing', async () => {
    const path = newImage(oracle)
    const process = await heldByQemu(oracle, path, [])
    const before = fingerprint(path)
    const parts = systemParts('locked')
    const { context } = recorded()
    const refusal = { code: 'in-use', message: expect.stringContaining(`process ${process}`) }
    const bigger = { kind: 'resize', path, virtualSize: 8 * MiB, shrink: false, preallocation: 'off' } as const
    await expect(resize(bigger, context, parts)).rejects.toMatchObject(refusal)
    await expect(convert(convertJob(path, `${path}.copy`), context, parts)).rejects.toMatchObject(refusal)

    const other = join(path, '../other.img')
    writeFileSync(other, new Uint8Array(MiB))
    const replacing = convertJob(other, path, { overwrite: true })
    await expect(convert(replacing, context, parts)).rejects.toMatchObject(refusal)

    expect(fingerprint(path)).toBe(before)
    const [facts] = await inspect({ path, chain: true }, systemParts())
    expect(facts).toMatchObject({ virtualSize: 4 * MiB })
  })

  test('a base that a machine writes is not read as part of a chain', async () => {
    const base = newImage(oracle)
    const top = join(base, '../top.qcow2')
    execFileSync(qemuImg, ['create', '-q', '-f', 'qcow2', '-b', base, '-F', 'qcow2', top])
    await heldByQemu(oracle, base, [])
    const job = convertJob(top, join(base, '../copy.img'), { format: 'raw' })
    await expect(convert(job, recorded().context, systemParts('locked'))).rejects.toMatchObject({
      message: expect.stringContaining(base),
    })
  })
})

test('two pieces of work keep each other out as two programs do; one does not stand in its own way', async () => {
  const path = join(scratchFolder(), 'disk.img')
  writeFileSync(path, new Uint8Array(MiB))
  const first = new ImageLocks()
  const reading = await first.open(path, 'read', 'locked')
  expect(await opening(path, 'write', 'locked')).toBe(false)
  expect(await opening(path, 'read', 'locked')).toBe(true)
  const writing = await first.open(path, 'write', 'locked')
  await reading.close()
  expect(await opening(path, 'read', 'locked')).toBe(false)
  await writing.close()
  expect(await opening(path, 'write', 'locked')).toBe(true)
})

test('a file that took the place of another while it was opened is the one that is opened', async () => {
  const folder = scratchFolder()
  const path = join(folder, 'disk.img')
  writeFileSync(path, 'old')
  writeFileSync(join(folder, 'new.img'), 'new!')
  const locks = new ImageLocks()
  const before = await locks.open(path, 'read', 'locked')
  renameSync(join(folder, 'new.img'), path)
  await using after = await locks.open(path, 'write', 'locked')
  expect(await after.size()).toBe(4)
  expect(after.identity).not.toBe(before.identity)
  await before.close()
})
