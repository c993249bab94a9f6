// Conversions as users judge them: the same disk afterwards, thin, and nothing harmed when something goes wrong.

import { execFileSync } from 'node:child_process'
import { existsSync, readFileSync, readdirSync, statSync, symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { convert } from '../../../core/operations/convert.ts'
import { openSource, systemParts } from '../../../core/operations/parts.ts'
import type { Parts } from '../../../core/operations/parts.ts'
import type { Storage } from '../../../core/storage/storage.ts'
import { KiB, MiB } from '../../../core/model/units.ts'
import { newestOracle, oracles } from '../../helpers/oracles.ts'
import { convertJob, faultyParts, fingerprint, recorded } from '../../helpers/run-operation.ts'
import { SAMPLE_SIZE, expectSameBytes, sampleDisk } from '../../helpers/sample-disk.ts'
import { scratchFolder } from '../../helpers/scratch.ts'

const parts = systemParts()
const { qemuImg, qemuIo } = newestOracle()
const qemu = (...words: string[]): string => execFileSync(qemuImg, words, { encoding: 'utf8' })

async function expectDisk(path: string, content: Uint8Array): Promise<void> {
  await using disk = await openSource(path, undefined, parts)
  const bytes = new Uint8Array(disk.size)
  await disk.read(0, bytes)
  expectSameBytes(bytes, content)
}

describe('every way between raw and qcow2', () => {
  const ways = [
    ['raw', 'qcow2', false, {}],
    ['raw', 'raw', false, {}],
    ['qcow2', 'raw', false, {}],
    ['qcow2', 'qcow2', false, {}],
    ['raw', 'qcow2', true, {}],
    ['qcow2', 'qcow2', true, { compression_type: 'zstd' }],
    ['raw', 'qcow2', false, { cluster_size: 4 * KiB, compat: '0.10' }],
    ['qcow2', 'qcow2', false, { extended_l2: true, cluster_size: 128 * KiB }],
    ['qcow2', 'qcow2', false, { preallocation: 'full' }],
    ['qcow2', 'raw', false, { preallocation: 'falloc' }],
  ] as const

  test.each(ways)('%s → %s, compressed %s, %j', async (from, format, compress, options) => {
    const folder = scratchFolder()
    const content = sampleDisk(join(folder, 'disk.img'))
    const source = from === 'raw' ? join(folder, 'disk.img') : join(folder, 'source.qcow2')
    if (from === 'qcow2') qemu('convert', '-f', 'raw', '-O', 'qcow2', join(folder, 'disk.img'), source)
    const before = fingerprint(source)
    const target = join(folder, 'target')
    const { context, progress, committed } = recorded()

    const job = convertJob(source, target, { format, compress, options, verify: true })
    const result = await convert(job, context, parts)

    expect(result).toMatchObject({ kind: 'convert', path: target, verified: true, warnings: [] })
    expect(committed()).toBe(true)
    expect(fingerprint(source)).toBe(before)
    await expectDisk(target, content)
    if (format === 'qcow2') {
      for (const oracle of oracles()) execFileSync(oracle.qemuImg, ['check', '-q', target])
    }
    expect(qemu('compare', '-f', 'raw', '-F', format, join(folder, 'disk.img'), target)).toContain('identical')
    const copied = progress.filter((one) => one.phase === 'copy')
    expect(copied.at(-1)?.done).toBe(copied.at(-1)?.total)
    expect(progress.at(-1)?.phase).toBe('verify')
    expect(readdirSync(folder).some((name) => name.endsWith('.partial'))).toBe(false)
  })

  test.each(['raw', 'qcow2'] as const)('holes and zeros take no room in %s', async (format) => {
    const folder = scratchFolder()
    sampleDisk(join(folder, 'disk.img'))
    const { context } = recorded()
    const result = await convert(convertJob(join(folder, 'disk.img'), join(folder, 'new'), { format }), context, parts)
    const allocated = statSync(join(folder, 'new')).blocks * 512
    expect(result).toMatchObject({ allocatedSize: allocated })
    expect(allocated).toBeLessThan(3 * MiB)
  })
})

test('a chain of three images becomes one, with the sizes of all layers respected', async () => {
  const folder = scratchFolder()
  const at = (name: string): string => join(folder, name)
  sampleDisk(at('base.img'))
  qemu('create', '-q', '-f', 'qcow2', '-b', 'base.img', '-F', 'raw', at('middle.qcow2'))
  execFileSync(qemuIo, ['-c', 'write -P 7 100k 300k', '-c', 'write -z 3M 512k', at('middle.qcow2')])
  qemu(
    'create',
    '-q',
    '-f',
    'qcow2',
    '-b',
    'middle.qcow2',
    '-F',
    'qcow2',
    at('top.qcow2'),
    String(SAMPLE_SIZE + 3 * MiB),
  )
  execFileSync(qemuIo, ['-c', 'write -P 9 5M 64k', '-c', `write -P 8 ${SAMPLE_SIZE + MiB} 4k`, at('top.qcow2')])
  const { context } = recorded()
  await convert(convertJob(at('top.qcow2'), at('flat.qcow2'), { verify: true }), context, parts)
  expect(qemu('compare', at('top.qcow2'), at('flat.qcow2'))).toContain('identical')
  expect(qemu('info', at('flat.qcow2'))).not.toContain('backing file')
})

test('a new external data file appears together with its image', async () => {
  const folder = scratchFolder()
  const content = sampleDisk(join(folder, 'disk.img'))
  const { context } = recorded()
  const options = { data_file: 'guest.raw', data_file_raw: true }
  const job = convertJob(join(folder, 'disk.img'), join(folder, 'new.qcow2'), { options, verify: true })
  await convert(job, context, parts)
  expect(readdirSync(folder).toSorted()).toEqual(['disk.img', 'guest.raw', 'new.qcow2'])
  expectSameBytes(readFileSync(join(folder, 'guest.raw')), content)
  // qemu-img looks for a data file where it runs, not beside the image.
  const compared = execFileSync(qemuImg, ['compare', 'disk.img', 'new.qcow2'], { cwd: folder, encoding: 'utf8' })
  expect(compared).toContain('identical')
})

test('a disk that ends inside a sector is filled up with zeros, so that others see its end', async () => {
  const folder = scratchFolder()
  writeFileSync(join(folder, 'odd.img'), Buffer.alloc(100_001, 7))
  const { context } = recorded()
  await convert(convertJob(join(folder, 'odd.img'), join(folder, 'new.qcow2'), { verify: true }), context, parts)
  expect(qemu('compare', '-f', 'raw', join(folder, 'odd.img'), join(folder, 'new.qcow2'))).toContain('identical')
})

test('an empty disk converts to an empty disk', async () => {
  const folder = scratchFolder()
  writeFileSync(join(folder, 'empty.img'), '')
  const { context } = recorded()
  const job = convertJob(join(folder, 'empty.img'), join(folder, 'new.qcow2'), { sourceFormat: 'raw', verify: true })
  await convert(job, context, parts)
  expect(qemu('check', join(folder, 'new.qcow2'))).toContain('No errors')
})

test('snapshots that do not come along are told of', async () => {
  const folder = scratchFolder()
  const source = join(folder, 'source.qcow2')
  qemu('create', '-q', '-f', 'qcow2', source, '4M')
  for (const name of ['one', 'two']) qemu('snapshot', '-c', name, source)
  qemu('bitmap', '--add', source, 'bitmap')
  const { context } = recorded()
  const { warnings } = await convert(convertJob(source, join(folder, 'new.qcow2')), context, parts)
  expect(warnings).toEqual([
    `2 snapshots of ${source} did not come along; the source still has them.`,
    `1 bitmap of ${source} did not come along; the source still has it.`,
  ])
})

describe('before anything is written', () => {
  test.each([
    ['compression where the format has none', { format: 'raw', compress: true }, 'invalid-argument'],
    ['an option the format does not know', { options: { fizz: 1 } }, 'invalid-argument'],
    ['options that contradict each other', { options: { compat: '0.10', extended_l2: true } }, 'invalid-argument'],
  ] as const)('%s is refused', async (_, more, code) => {
    const folder = scratchFolder()
    sampleDisk(join(folder, 'disk.img'))
    const job = convertJob(join(folder, 'disk.img'), join(folder, 'new'), more)
    await expect(convert(job, recorded().context, parts)).rejects.toMatchObject({ code })
    expect(readdirSync(folder)).toEqual(['disk.img'])
  })

  test('a target that is there is refused, and replaced when that was asked for', async () => {
    const folder = scratchFolder()
    const content = sampleDisk(join(folder, 'disk.img'))
    const target = join(folder, 'new.qcow2')
    writeFileSync(target, 'precious')
    const job = convertJob(join(folder, 'disk.img'), target)
    await expect(convert(job, recorded().context, parts)).rejects.toMatchObject({ code: 'exists' })
    expect(readFileSync(target, 'utf8')).toBe('precious')
    await convert({ ...job, overwrite: true }, recorded().context, parts)
    await expectDisk(target, content)
  })

  test('the source, its backing file and its data file are refused as the target', async () => {
    const folder = scratchFolder()
    const at = (name: string): string => join(folder, name)
    sampleDisk(at('base.img'))
    // The data file is made where the program runs, but looked for beside the image.
    const words = [
      'create',
      '-q',
      '-f',
      'qcow2',
      '-b',
      'base.img',
      '-F',
      'raw',
      '-o',
      'data_file=data.raw',
      'top.qcow2',
    ]
    execFileSync(qemuImg, words, { cwd: folder })
    symlinkSync('base.img', at('link.img'))
    const before = readdirSync(folder).map((name) => fingerprint(at(name)))
    for (const name of ['top.qcow2', 'base.img', 'data.raw', 'link.img']) {
      const job = convertJob(at('top.qcow2'), at(name), { overwrite: true })
      await expect(convert(job, recorded().context, parts)).rejects.toMatchObject({ code: 'invalid-argument' })
    }
    expect(readdirSync(folder).map((name) => fingerprint(at(name)))).toEqual(before)
  })

  test('a copy that cannot fit is refused with how much is missing', async () => {
    const folder = scratchFolder()
    qemu('create', '-q', '-f', 'qcow2', '-o', 'cluster_size=2M', join(folder, 'huge.qcow2'), '1P')
    const job = convertJob(join(folder, 'huge.qcow2'), join(folder, 'new.qcow2'), {
      options: { preallocation: 'falloc', cluster_size: 2 * MiB },
    })
    await expect(convert(job, recorded().context, parts)).rejects.toMatchObject({
      code: 'no-space',
      message: expect.stringMatching(/needs 1 PiB and .* are free, so .* are missing\. Nothing was written\./),
    })
    expect(readdirSync(folder)).toEqual(['huge.qcow2'])
  })
})

describe('when it goes wrong half-way', () => {
  const failures = [
    ['the room runs out', { quota: 128 * KiB }, 'no-space'],
    ['a write fails', { faults: [{ call: 'write', at: 3, code: 'io' }] }, 'io'],
    ['the last flush fails', { faults: [{ call: 'flush', at: 1, code: 'io' }] }, 'io'],
  ] as const
  const targets = [
    ['qcow2', {}],
    ['qcow2', { compress: true }],
    ['qcow2', { options: { data_file: 'data.raw' } }],
    ['raw', {}],
  ] as const

  test.each(failures.flatMap((failure) => targets.map((target) => [...failure, ...target] as const)))(
    '%s: %j gives %s, no file remains of the %s (%j) and the source is untouched',
    async (_, faults, code, format, more) => {
      const folder = scratchFolder()
      const source = join(folder, 'disk.img')
      sampleDisk(source)
      const before = fingerprint(source)
      const job = convertJob(source, join(folder, 'new'), { format, ...more })
      await expect(convert(job, recorded().context, faultyParts(faults))).rejects.toMatchObject({ code })
      expect(readdirSync(folder)).toEqual(['disk.img'])
      expect(fingerprint(source)).toBe(before)
    },
  )

  test('an existing target stays as it was when replacing it fails', async () => {
    const folder = scratchFolder()
    sampleDisk(join(folder, 'disk.img'))
    writeFileSync(join(folder, 'new'), 'precious')
    const job = convertJob(join(folder, 'disk.img'), join(folder, 'new'), { overwrite: true })
    await expect(convert(job, recorded().context, faultyParts({ quota: MiB }))).rejects.toMatchObject({
      code: 'no-space',
    })
    expect(readFileSync(join(folder, 'new'), 'utf8')).toBe('precious')
    expect(readdirSync(folder)).toEqual(['disk.img', 'new'])
  })

  test('a copy that reads back differently is thrown away', async () => {
    const folder = scratchFolder()
    const source = join(folder, 'disk.img')
    sampleDisk(source)
    // The source changes after it was copied: what a verification is there to notice.
    const { context } = recorded((now) => {
      if (now.phase === 'finish') writeFileSync(source, 'changed', { flag: 'r+' })
      return false
    })
    const attempt = convert(convertJob(source, join(folder, 'new'), { verify: true }), context, parts)
    await expect(attempt).rejects.toMatchObject({ code: 'differs', offset: 0 })
    expect(readdirSync(folder)).toEqual(['disk.img'])
  })
})

describe('cancelling', () => {
  const moments = [
    ['at the start', (phase: string) => phase === 'prepare'],
    ['in the middle of the copy', (phase: string, part: number) => phase === 'copy' && part > 0.4],
    ['while finishing', (phase: string) => phase === 'finish'],
    ['while verifying', (phase: string, part: number) => phase === 'verify' && part > 0.4],
  ] as const

  test.each(moments.flatMap(([when, hit]) => [false, true].map((compress) => [when, compress, hit] as const)))(
    '%s (compressed %s) leaves no file and an untouched source',
    async (_, compress, hit) => {
      const folder = scratchFolder()
      const source = join(folder, 'disk.img')
      sampleDisk(source)
      const before = fingerprint(source)
      const { context, committed } = recorded(({ phase, done, total }) => hit(phase, total > 0 ? done / total : 0))
      const job = convertJob(source, join(folder, 'new'), { compress, verify: true, options: { data_file: '' } })
      await expect(convert(job, context, parts)).rejects.toMatchObject({ code: 'cancelled' })
      expect(committed()).toBe(false)
      expect(existsSync(join(folder, 'new'))).toBe(false)
      expect(readdirSync(folder)).toEqual(['disk.img'])
      expect(fingerprint(source)).toBe(before)
    },
  )

  test('before the start does not even look', async () => {
    const folder = scratchFolder()
    const abort = new AbortController()
    abort.abort()
    const context = { ...recorded().context, signal: abort.signal }
    const job = convertJob(join(folder, 'missing'), join(folder, 'new'))
    await expect(convert(job, context, parts)).rejects.toMatchObject({ code: 'cancelled' })
  })
})

test.each([true, false])(
  'the new file is on the disk before it gets its name, unless that is left to the system: %s',
  async (durable) => {
    const folder = scratchFolder()
    sampleDisk(join(folder, 'disk.img'))
    const target = join(folder, 'target.qcow2')
    const written: Storage[] = []
    const openFile: Parts['openFile'] = async (path, access) => {
      const storage = await parts.openFile(path, access)
      if (access !== 'read') written.push(storage)
      return storage
    }
    const job = { ...convertJob(join(folder, 'disk.img'), target, { format: 'qcow2' }), durable }

    await convert(job, recorded().context, { ...parts, openFile })

    expect(written.map(({ relaxed }) => relaxed)).toEqual(written.map(() => !durable))
    expect(written.length).toBeGreaterThan(0)
    expect(qemu('compare', '-f', 'raw', '-F', 'qcow2', join(folder, 'disk.img'), target)).toContain('identical')
  },
)
