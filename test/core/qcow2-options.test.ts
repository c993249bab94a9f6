// Create options: what is accepted, what is foretold, and what the image then says of itself, all as qemu-img has it.

import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { qcow2Driver } from '../../core/formats/qcow2/driver.ts'
import { openLayer } from '../../core/image/chain.ts'
import type { CreateSpec } from '../../core/image/driver.ts'
import { fileGate } from '../../core/image/gate.ts'
import { drivers } from '../../core/formats/index.ts'
import { SpindleError } from '../../core/model/error.ts'
import type { OptionValues } from '../../core/model/option.ts'
import { GiB, KiB, MiB, TiB } from '../../core/model/units.ts'
import { openFile } from '../../core/storage/file.ts'
import { MemoryFolder } from '../helpers/memory-gate.ts'
import { newestOracle } from '../helpers/oracles.ts'
import { Qemu } from '../helpers/qemu.ts'
import { scratchFolder } from '../helpers/scratch.ts'

const backing = { path: 'base', format: 'raw' }

/** As `-o` takes them. */
function words(options: OptionValues): string {
  return Object.entries(options)
    .map(([name, value]) => `${name}=${typeof value === 'boolean' ? (value ? 'on' : 'off') : value}`)
    .join(',')
}

async function build(folder: string, name: string, spec: CreateSpec): Promise<void> {
  await using storage = await openFile(join(folder, name), 'create')
  const builder = await qcow2Driver.build(storage, spec, fileGate())
  await builder.finish()
  await builder.storage.close()
}

describe('options that contradict each other are refused, as qemu-img refuses them', () => {
  const cases: readonly { options: OptionValues; size?: number; above?: boolean; says: RegExp }[] = [
    { options: { compat: '0.10', refcount_bits: 8 }, says: /version 3/ },
    { options: { compat: 'v2', extended_l2: true }, says: /version 3/ },
    { options: { compat: '0.10', compression_type: 'zstd' }, says: /version 3/ },
    { options: { compat: '0.10', lazy_refcounts: true }, says: /version 3/ },
    { options: { compat: '0.10', data_file: 'data' }, says: /version 3/ },
    { options: { extended_l2: true, cluster_size: 8 * KiB }, says: /16 KiB/ },
    { options: { cluster_size: 4 * MiB }, says: /512 B and 2 MiB/ },
    { options: { cluster_size: 256 }, says: /512 B/ },
    { options: { cluster_size: 65_535 }, says: /power of two/ },
    { options: { refcount_bits: 7 }, says: /1, 2, 4/ },
    { options: { data_file_raw: true }, says: /data_file/ },
    { options: { data_file: 'data', data_file_raw: true }, above: true, says: /exclude each other/ },
    { options: { preallocation: 'metadata' }, above: true, says: /extended_l2=on/ },
    { options: { cluster_size: 512 }, size: 129 * GiB, says: /128 GiB at most/ },
    { options: {}, size: 4096 * TiB, says: /larger cluster size/ },
    { options: { compression_type: 'lz4' }, says: /zlib, zstd/ },
    { options: { preallocation: 'all' }, says: /metadata/ },
  ]
  test.each(cases)('$options $size', async ({ options, size = GiB, above = false, says }) => {
    const qemu = new Qemu(newestOracle(), scratchFolder())
    qemu.img('create', '-q', '-f', 'raw', 'base', '1M')
    const below = above ? ['-b', 'base', '-F', 'raw'] : []
    const create = ['create', '-q', '-f', 'qcow2', '-o', words(options), ...below, 'disk', String(size)]
    expect(() => qemu.img(...create)).toThrow('ended with 1')
    const spec = { virtualSize: size, options, ...(above && { backing }) }
    const folder = new MemoryFolder()
    const attempt = qcow2Driver.build(folder.add('disk'), spec, folder)
    await expect(attempt).rejects.toThrow(says)
    await expect(attempt).rejects.toMatchObject({ code: 'invalid-argument' })
    expect([...folder.files.keys()]).toEqual(['disk'])
    expect(await folder.file('disk').size()).toBe(0)
  })

  test('a backing file needs a format, and its name has to fit', async () => {
    const folder = new MemoryFolder()
    const attempt = (path: string, format?: string, options = {}) =>
      qcow2Driver.build(
        folder.add('disk'),
        { virtualSize: MiB, options, backing: { path, ...(format !== undefined && { format }) } },
        folder,
      )
    await expect(attempt('base')).rejects.toThrow(/format of the backing file base must be given/)
    await expect(attempt('b'.repeat(1024), 'raw')).rejects.toThrow(/1024 bytes long/)
    await expect(attempt('b'.repeat(400), 'raw', { cluster_size: 512 })).rejects.toThrow(/larger cluster size/)
  })

  test('data in a file of its own cannot be compressed', async () => {
    const folder = new MemoryFolder()
    const spec = { virtualSize: MiB, options: { data_file: 'data' }, compress: true }
    await expect(qcow2Driver.build(folder.add('disk'), spec, folder)).rejects.toThrow(SpindleError)
  })
})

test('a size that is no multiple of 512 is rounded up, so that no byte is lost', async () => {
  const folder = new MemoryFolder()
  const builder = await qcow2Driver.build(folder.add('disk'), { virtualSize: 100_000, options: {} }, folder)
  await builder.finish()
  await using layer = await openLayer(folder.file('disk'), 'qcow2', 'read', { drivers, gate: folder })
  expect(layer.virtualSize).toBe(100_352)
})

const SHAPES: readonly OptionValues[] = [
  {},
  { compat: '0.10' },
  { cluster_size: 512 },
  { cluster_size: 4 * KiB, refcount_bits: 64 },
  { cluster_size: 2 * MiB },
  { extended_l2: true },
  { extended_l2: true, cluster_size: 16 * KiB, refcount_bits: 1 },
  { refcount_bits: 1 },
  { compression_type: 'zstd', lazy_refcounts: true },
  { preallocation: 'metadata' },
  { preallocation: 'metadata', extended_l2: true },
  { preallocation: 'falloc', cluster_size: 4 * KiB },
  { preallocation: 'full', compat: '0.10' },
  { data_file: 'data' },
  { data_file: 'data', data_file_raw: true },
]

describe.each(SHAPES)('an image with %o', (options) => {
  test('is as large as qemu-img measures', () => {
    const qemu = new Qemu(newestOracle(), scratchFolder())
    const measured = Object.fromEntries(Object.entries(options).filter(([name]) => !name.startsWith('data_file')))
    for (const size of [512, 10 * GiB, options['cluster_size'] === 512 ? 128 * GiB : 3 * TiB]) {
      const told = qemu.json(
        'measure',
        '-O',
        'qcow2',
        '-o',
        words({ compat: '1.1', ...measured }),
        '--size',
        String(size),
      )
      const { required, fullyAllocated } = qcow2Driver.measure({ virtualSize: size, options }, 0)
      expect({ size, required, 'fully-allocated': fullyAllocated }).toEqual({ size, ...(told as object) })
    }
  })

  test('takes what was foretold, is sound, and says the same of itself as to qemu-img', async () => {
    const folder = scratchFolder()
    const qemu = new Qemu(newestOracle(), folder)
    for (const size of [0, 40 * MiB + 512]) {
      const name = `disk-${size}`
      const own = options['data_file'] === undefined ? options : { ...options, data_file: `data-${size}` }
      await build(folder, name, { virtualSize: size, options: own })
      await using layer = await openLayer(await openFile(join(folder, name), 'read'), undefined, 'read', {
        drivers,
        gate: fileGate(),
      })
      const { initial, fullyAllocated } = qcow2Driver.measure({ virtualSize: size, options: own }, 0)
      const length = await layer.storage.size()
      // Room that is only set aside makes a file longer, but not larger.
      const isSparse = options['preallocation'] === 'metadata'
      const foretold = isSparse ? fullyAllocated : initial
      expect({ size, length: isSparse ? Math.max(length, foretold) : length }).toEqual({ size, length: foretold })
      const found = qemu.check(name)
      expect({ ...found, text: '' }).toEqual({ corruptions: 0, leaks: 0, errors: 0, text: '' })
      const info = qemu.json('info', name) as { 'virtual-size': number; 'format-specific': { data: unknown } }
      expect(info['virtual-size']).toBe(layer.virtualSize)
      const { specific } = await layer.describe()
      expect(JSON.stringify(specific)).toBe(JSON.stringify(info['format-specific'].data))
    }
  })
})

test('a header as qemu-img writes it: backing name and format, feature names, lazy counts', async () => {
  const folder = scratchFolder()
  const qemu = new Qemu(newestOracle(), folder)
  qemu.img('create', '-q', '-f', 'raw', 'base', '1M')
  for (const options of [
    {},
    { cluster_size: 512 },
    { compat: '0.10' },
    { lazy_refcounts: true, compression_type: 'zstd' },
  ]) {
    const name = words(options).replaceAll(/\W/g, '-') || 'default'
    await build(folder, name, { virtualSize: MiB, options, backing })
    qemu.img(
      'create',
      '-q',
      '-f',
      'qcow2',
      '-o',
      words({ compat: '1.1', ...options }),
      '-b',
      'base',
      '-F',
      'raw',
      'theirs',
      '1M',
    )
    const ours = await headOf(join(folder, name))
    const theirs = await headOf(join(folder, 'theirs'))
    // But for where the tables are.
    for (const head of [ours, theirs]) head.fill(0, 40, 56)
    expect(ours).toEqual(theirs)
  }
})

async function headOf(path: string): Promise<Uint8Array> {
  await using storage = await openFile(path, 'read')
  const head = new Uint8Array(512)
  await storage.read(0, head)
  return head
}
