// Images inside other files: packed whole, or as disks of an appliance.

import { execFileSync } from 'node:child_process'
import { appendFileSync, mkdirSync, readFileSync, readdirSync, truncateSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, onTestFinished, test, vi } from 'vitest'
import type { Packing } from '../../core/containers/packed-stream.ts'
import { UnpackedStorage } from '../../core/containers/unpacked-storage.ts'
import { convert } from '../../core/operations/convert.ts'
import { inspect } from '../../core/operations/inspect.ts'
import { systemParts } from '../../core/operations/parts.ts'
import { MiB } from '../../core/model/units.ts'
import { openFile } from '../../core/storage/file.ts'
import { newestOracle } from '../helpers/oracles.ts'
import { convertJob, fingerprint, recorded } from '../helpers/run-operation.ts'
import { SAMPLE_SIZE, expectSameBytes, sampleDisk } from '../helpers/sample-disk.ts'
import { scratchFolder } from '../helpers/scratch.ts'
import { randomFrom, seeds } from '../helpers/seeds.ts'

const parts = systemParts()
const { qemuImg } = newestOracle()

type Packer = readonly [extension: string, packing: Packing, command: readonly [string, ...string[]]]

const GZIP: Packer = ['gz', 'gzip', ['gzip', '-1']]
const PACKERS: readonly Packer[] = [GZIP, ['xz', 'xz', ['xz', '-0']], ['zst', 'zstd', ['zstd', '-q', '-1']]]

/** The file by its name with one more extension. */
function packed(path: string, [extension, , [command, ...words]]: Packer): string {
  execFileSync(command, [...words, '-k', path])
  return `${path}.${extension}`
}

function qemu(...words: string[]): string {
  return execFileSync(qemuImg, words, { encoding: 'utf8' })
}

/** With these disks, each an image of the sample disk. */
function appliance(folder: string, disks: readonly string[]): string {
  const inside = join(folder, 'inside')
  mkdirSync(inside)
  sampleDisk(join(folder, 'disk.img'))
  writeFileSync(join(inside, 'box.ovf'), '<Envelope/>')
  for (const disk of disks) {
    qemu('convert', '-f', 'raw', '-O', 'qcow2', join(folder, 'disk.img'), join(inside, disk))
  }
  execFileSync('tar', ['-cf', join(folder, 'box.ova'), '-C', inside, 'box.ovf', ...disks])
  return join(folder, 'box.ova')
}

describe.each(PACKERS)('a disk packed as .%s', (...packer) => {
  test('converts as the disk it holds', async () => {
    const folder = scratchFolder()
    sampleDisk(join(folder, 'disk.img'))
    const source = packed(join(folder, 'disk.img'), packer)
    const before = fingerprint(source)
    const target = join(folder, 'copy.qcow2')

    await convert(convertJob(source, target, { verify: true }), recorded().context, parts)

    expect(qemu('compare', '-f', 'raw', '-F', 'qcow2', join(folder, 'disk.img'), target)).toContain('identical')
    expect(fingerprint(source)).toBe(before)
  })

  test('may hold an image of any format', async () => {
    const folder = scratchFolder()
    sampleDisk(join(folder, 'disk.img'))
    qemu('convert', '-f', 'raw', '-O', 'qcow2', join(folder, 'disk.img'), join(folder, 'disk.qcow2'))
    const [facts] = await inspect({ path: packed(join(folder, 'disk.qcow2'), packer), chain: true }, parts)
    expect(facts).toMatchObject({ format: 'qcow2', virtualSize: SAMPLE_SIZE })
    expect(facts?.unreadable).toBeUndefined()
  })

  test('is said to be damaged when it is cut off, and leaves nothing behind', async () => {
    const folder = scratchFolder()
    sampleDisk(join(folder, 'disk.img'))
    const source = packed(join(folder, 'disk.img'), packer)
    truncateSync(source, Math.floor(readFileSync(source).length / 2))
    const job = convertJob(source, join(folder, 'copy.qcow2'))
    await expect(convert(job, recorded().context, parts)).rejects.toMatchObject({
      code: 'invalid-image',
      message: expect.stringMatching(/damaged or cut off/),
    })
    expect(readdirSync(folder).filter((name) => name.startsWith('copy'))).toEqual([])
  })

  test('cannot be changed in place', async () => {
    const folder = scratchFolder()
    writeFileSync(join(folder, 'disk.img'), new Uint8Array(MiB))
    const source = packed(join(folder, 'disk.img'), packer)
    await expect(parts.openFile(source, 'write')).rejects.toMatchObject({ code: 'unsupported' })
  })

  test.for(seeds())('reads the same in any order, however little may be kept (seed %i)', async (seed) => {
    const folder = scratchFolder()
    vi.stubEnv('TMPDIR', join(folder, 'scratch'))
    onTestFinished(() => void vi.unstubAllEnvs())
    mkdirSync(join(folder, 'scratch'))
    const content = sampleDisk(join(folder, 'disk.img'))
    const file = await openFile(packed(join(folder, 'disk.img'), packer), 'read')
    await using storage = new UnpackedStorage(file, packer[1], { small: 1024, keptBehind: 4096 })
    expect(await storage.size()).toBe(content.length)
    const random = randomFrom(seed)
    for (let count = 0; count < 40; count += 1) {
      const offset = random.below(content.length)
      const into = new Uint8Array(1 + random.below(200_000))
      const length = await storage.read(offset, into)
      expectSameBytes(into.subarray(0, length), content.subarray(offset, offset + into.length))
    }
    expect(readdirSync(join(folder, 'scratch'))).toEqual([])
  })
})

test('streams that were joined are read to the end of the last', async () => {
  const folder = scratchFolder()
  const halves = ['a', 'b'].map((name) => join(folder, name))
  const [first, second] = halves.map((path, index) => {
    writeFileSync(path, Buffer.alloc(MiB, index + 1))
    return path
  })
  for (const packer of PACKERS) {
    const joined = join(folder, `joined.${packer[0]}`)
    for (const path of [first ?? '', second ?? '']) appendFileSync(joined, readFileSync(packed(path, packer)))
    await using storage = await parts.openFile(joined, 'read')
    expect(await storage.size()).toBe(2 * MiB)
    const bytes = new Uint8Array(2)
    await storage.read(MiB - 1, bytes)
    expect([...bytes]).toEqual([1, 2])
  }
})

test('a raw disk that begins like a packed file stays the raw disk it is', async () => {
  const folder = scratchFolder()
  writeFileSync(join(folder, 'content'), new Uint8Array(MiB))
  const bytes = readFileSync(packed(join(folder, 'content'), GZIP))
  writeFileSync(join(folder, 'disk.img'), bytes)
  await using storage = await parts.openFile(join(folder, 'disk.img'), 'read')
  expect(await storage.size()).toBe(bytes.length)
})

test('a file that is only called so is opened as what it is', async () => {
  const folder = scratchFolder()
  const content = sampleDisk(join(folder, 'disk.gz'))
  await using storage = await parts.openFile(join(folder, 'disk.gz'), 'read')
  expect(await storage.size()).toBe(content.length)
})

describe('an appliance', () => {
  test('with one disk is opened as that disk', async () => {
    const folder = scratchFolder()
    const source = appliance(folder, ['disk1.qcow2'])
    const target = join(folder, 'copy.img')
    await convert(convertJob(source, target, { format: 'raw', verify: true }), recorded().context, parts)
    expect(readFileSync(target).equals(readFileSync(join(folder, 'disk.img')))).toBe(true)
    const [facts] = await inspect({ path: source, chain: true }, parts)
    expect(facts).toMatchObject({ format: 'qcow2', virtualSize: SAMPLE_SIZE, path: `${source}/disk1.qcow2` })
  })

  test('with several names them, and each opens by its path', async () => {
    const folder = scratchFolder()
    const long = `${'a-very-long-name-'.repeat(8)}.qcow2`
    const source = appliance(folder, ['disk1.qcow2', long])
    await expect(parts.openFile(source, 'read')).rejects.toMatchObject({
      code: 'invalid-argument',
      message: expect.stringContaining(`${source}/disk1.qcow2`),
    })
    for (const disk of ['disk1.qcow2', long]) {
      const [facts] = await inspect({ path: join(source, disk), chain: true }, parts)
      expect(facts).toMatchObject({ format: 'qcow2', virtualSize: SAMPLE_SIZE })
    }
    await expect(parts.openFile(join(source, 'disk3.qcow2'), 'read')).rejects.toMatchObject({ code: 'not-found' })
    await expect(parts.openFile(join(source, 'disk1.qcow2'), 'write')).rejects.toMatchObject({ code: 'unsupported' })
  })

  test('that is cut off or has a wrong sum says where', async () => {
    const folder = scratchFolder()
    const source = appliance(folder, ['disk1.qcow2'])
    const bytes = readFileSync(source)
    writeFileSync(join(folder, 'cut.ova'), bytes.subarray(0, bytes.length / 2))
    bytes[1024 + 3] = 0x7e
    writeFileSync(join(folder, 'wrong.ova'), bytes)
    for (const name of ['cut.ova', 'wrong.ova']) {
      await expect(parts.openFile(join(folder, name), 'read')).rejects.toMatchObject({
        code: 'invalid-image',
        message: expect.stringMatching(/at byte \d+/),
      })
    }
  })
})

describe('a raw disk written as .gz', () => {
  test('unpacks to the disk, and is read back when that is asked for', async () => {
    const folder = scratchFolder()
    sampleDisk(join(folder, 'disk.img'))
    qemu('convert', '-f', 'raw', '-O', 'qcow2', join(folder, 'disk.img'), join(folder, 'disk.qcow2'))
    const target = join(folder, 'copy.img.gz')
    const job = convertJob(join(folder, 'disk.qcow2'), target, { format: 'raw', compress: true, verify: true })
    const result = await convert(job, recorded().context, parts)
    expect(result).toMatchObject({ verified: true })
    const unpacked = execFileSync('gzip', ['-dc', target], { maxBuffer: 2 * SAMPLE_SIZE })
    expect(unpacked.equals(readFileSync(join(folder, 'disk.img')))).toBe(true)
  })

  test('leaves nothing behind when it is cancelled', async () => {
    const folder = scratchFolder()
    sampleDisk(join(folder, 'disk.img'))
    const job = convertJob(join(folder, 'disk.img'), join(folder, 'copy.gz'), { format: 'raw', compress: true })
    const { context } = recorded(({ phase, done }) => phase === 'copy' && done > 4 * MiB)
    await expect(convert(job, context, parts)).rejects.toMatchObject({ code: 'cancelled' })
    expect(readdirSync(folder)).toEqual(['disk.img'])
  })

  test('without that name there is no such thing, and the way out is told', async () => {
    const folder = scratchFolder()
    sampleDisk(join(folder, 'disk.img'))
    const job = convertJob(join(folder, 'disk.img'), join(folder, 'copy.img'), { format: 'raw', compress: true })
    await expect(convert(job, recorded().context, parts)).rejects.toMatchObject({
      code: 'invalid-argument',
      message: expect.stringContaining('.gz'),
    })
  })
})
