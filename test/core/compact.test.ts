// Compacting: the same disk in a smaller file, with its snapshots and what it lies on; the old file whole in the trash.

import { existsSync, readFileSync, readdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { spawnSync } from 'node:child_process'
import { expect, test } from 'vitest'
import { MiB } from '../../core/model/units.ts'
import { openOperations } from '../../core/operations/index.ts'
import { newestOracle } from '../helpers/oracles.ts'
import { recorded } from '../helpers/run-operation.ts'
import { scratchFolder } from '../helpers/scratch.ts'
import { spindleHere } from '../helpers/spindle.ts'

const { qemuImg, qemuIo } = newestOracle()

function qemu(program: string, ...words: readonly string[]): string {
  const { status, stdout, stderr } = spawnSync(program, words, { encoding: 'utf8' })
  if (status !== 0) throw new Error(`${words.join(' ')}: ${stderr}`)
  return stdout
}

const write = (image: string, ...commands: readonly string[]): string =>
  qemu(qemuIo, ...commands.flatMap((command) => ['-c', command]), image)

function diskOf(image: string): Buffer {
  const raw = `${image}.as-raw`
  qemu(qemuImg, 'convert', '-O', 'raw', image, raw)
  return readFileSync(raw)
}

/** Written full, then mostly zeros again, as a guest leaves it. */
function usedImage(folder: string, ...options: readonly string[]): string {
  const image = join(folder, 'disk.qcow2')
  qemu(qemuImg, 'create', '-q', '-f', 'qcow2', ...options, image, '8M')
  write(image, 'write -P 7 0 8M', 'write -P 0 1M 6M')
  return image
}

test('what is zeros by now takes no room any more, and the old file is in the trash', async () => {
  const folder = scratchFolder()
  const image = usedImage(folder, '-o', 'cluster_size=32K,refcount_bits=8,lazy_refcounts=on')
  const [before, disk] = [readFileSync(image), diskOf(image)]
  const operations = openOperations()
  const plan = await operations.planCompact({ kind: 'compact', path: image })
  expect(plan.atMost).toBeLessThanOrEqual(plan.now)
  const result = await operations.run({ kind: 'compact', path: image }, recorded().context)
  await operations.close()
  expect(result).toMatchObject({ kind: 'compact', path: image })
  if (result.kind !== 'compact' || result.item === undefined) throw new Error('nothing was compacted')
  expect(result.before - result.after).toBeGreaterThan(5 * MiB)
  expect(readFileSync(join(result.item, 'disk.qcow2')).equals(before)).toBe(true)
  expect(diskOf(image).equals(disk)).toBe(true)
  expect(qemu(qemuImg, 'check', image)).toContain('No errors')
  const info = JSON.parse(qemu(qemuImg, 'info', '--output=json', image)) as Record<string, unknown>
  expect(info).toMatchObject({
    'cluster-size': 32 * 1024,
    'format-specific': { data: { 'refcount-bits': 8, 'lazy-refcounts': true } },
  })
  expect(readdirSync(folder).filter((name) => name.includes('compacted'))).toEqual([])
})

test('snapshots come along, and what lies on the image reads the same', async () => {
  const folder = scratchFolder()
  const image = usedImage(folder)
  qemu(qemuImg, 'snapshot', '-c', 'kept', image)
  write(image, 'write -P 9 0 64k', 'write -P 0 7M 1M')
  const top = join(folder, 'top.qcow2')
  qemu(qemuImg, 'create', '-q', '-f', 'qcow2', '-b', 'disk.qcow2', '-F', 'qcow2', top)
  write(top, 'write -P 5 2M 64k')
  const seen = diskOf(top)
  const outcome = await spindleHere('compact', image)
  expect(outcome.error).toBe('')
  expect(outcome.out).toContain('less')
  expect(diskOf(top).equals(seen)).toBe(true)
  qemu(qemuImg, 'snapshot', '-a', 'kept', image)
  const kept = Buffer.alloc(8 * MiB, 7).fill(0, MiB, 7 * MiB)
  expect(diskOf(image).equals(kept)).toBe(true)
})

test('an overlay stays one, and holds only what differs from its base', async () => {
  const folder = scratchFolder()
  usedImage(folder)
  const top = join(folder, 'top.qcow2')
  qemu(qemuImg, 'create', '-q', '-f', 'qcow2', '-b', 'disk.qcow2', '-F', 'qcow2', top)
  // The same as below in the first megabyte.
  write(top, 'write -P 7 0 1M', 'write -P 5 2M 64k')
  const seen = diskOf(top)
  expect((await spindleHere('compact', '-q', top)).error).toBe('')
  expect(diskOf(top).equals(seen)).toBe(true)
  expect(JSON.parse(qemu(qemuImg, 'info', '--output=json', top))).toMatchObject({ 'backing-filename': 'disk.qcow2' })
  const map = JSON.parse(qemu(qemuImg, 'map', '--output=json', top)) as {
    readonly depth: number
    readonly start: number
  }[]
  expect(map.find(({ start }) => start === 0)?.depth).toBe(1)
})

test('where nothing is to be gained nothing is changed, and what cannot be compacted says why', async () => {
  const folder = scratchFolder()
  const image = join(folder, 'disk.qcow2')
  qemu(qemuImg, 'create', '-q', '-f', 'qcow2', image, '1M')
  await spindleHere('compact', image)
  const first = readFileSync(image)
  expect((await spindleHere('compact', image)).out).toContain('left as it is')
  expect(readFileSync(image).equals(first)).toBe(true)
  expect(existsSync(`${image}.compacted`)).toBe(false)
  const vdi = join(folder, 'disk.vdi')
  qemu(qemuImg, 'create', '-q', '-f', 'vdi', vdi, '1M')
  const refused = await spindleHere('compact', vdi)
  expect(refused.code).toBe(1)
  expect(refused.error).toContain('identity')
  writeFileSync(join(folder, 'raw'), Buffer.alloc(MiB, 1).fill(0, 4096))
  expect((await spindleHere('compact', '-f', 'raw', join(folder, 'raw'))).out).toContain('less')
})
