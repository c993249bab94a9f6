// New images, what they would take, and what a conversion would do before it is done.

import { execFileSync } from 'node:child_process'
import { readdirSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { create } from '../../../core/operations/create.ts'
import { openSource, systemParts } from '../../../core/operations/parts.ts'
import { planConvert } from '../../../core/operations/plan-convert.ts'
import { predictCreate } from '../../../core/operations/predict-create.ts'
import { convert } from '../../../core/operations/convert.ts'
import type { CreateJob } from '../../../core/model/job.ts'
import { GiB, KiB, MiB } from '../../../core/model/units.ts'
import { newestOracle, oracles } from '../../helpers/oracles.ts'
import { convertJob, faultyParts, recorded } from '../../helpers/run-operation.ts'
import { sampleDisk } from '../../helpers/sample-disk.ts'
import { scratchFolder } from '../../helpers/scratch.ts'

const parts = systemParts()
const { qemuImg } = newestOracle()
const { context } = recorded()

function job(target: string, more: Partial<CreateJob> = {}): CreateJob {
  return { kind: 'create', target, format: 'qcow2', virtualSize: 4 * MiB, options: {}, ...more }
}

describe('create', () => {
  test.each([
    ['raw', {}],
    ['raw', { preallocation: 'full' }],
    ['qcow2', {}],
    ['qcow2', { compat: '0.10' }],
    ['qcow2', { preallocation: 'metadata', cluster_size: 4 * KiB }],
    ['qcow2', { preallocation: 'falloc' }],
    ['qcow2', { preallocation: 'full', extended_l2: true }],
    ['qcow2', { data_file: 'data.raw', data_file_raw: true }],
  ] as const)('%s with %j reads as zeros and qemu-img finds nothing wrong', async (format, options) => {
    const folder = scratchFolder()
    const path = join(folder, 'new')
    expect(await create(job(path, { format, options }), context, parts)).toEqual({ kind: 'create', path, warnings: [] })
    await using disk = await openSource(path, format, parts)
    const bytes = new Uint8Array(disk.size)
    await disk.read(0, bytes)
    expect(bytes.length).toBe(4 * MiB)
    expect(bytes.every((byte) => byte === 0)).toBe(true)
    if (format === 'qcow2') {
      for (const oracle of oracles()) execFileSync(oracle.qemuImg, ['check', '-q', 'new'], { cwd: folder })
    }
    expect(readdirSync(folder).some((name) => name.endsWith('.partial'))).toBe(false)
  })

  test('takes its size from the backing file, whose name is kept as written', async () => {
    const folder = scratchFolder()
    writeFileSync(join(folder, 'base.img'), Buffer.alloc(3 * MiB, 5))
    const { virtualSize: _, ...sizeless } = job(join(folder, 'top.qcow2'), {
      backing: { path: 'base.img', format: 'raw' },
    })
    await create(sizeless, context, parts)
    const info = JSON.parse(
      execFileSync(qemuImg, ['info', '--output=json', join(folder, 'top.qcow2')], { encoding: 'utf8' }),
    )
    expect(info).toMatchObject({ 'virtual-size': 3 * MiB, 'backing-filename': 'base.img' })
    const compared = execFileSync(qemuImg, ['compare', join(folder, 'top.qcow2'), join(folder, 'base.img')])
    expect(compared.toString()).toContain('identical')
  })

  test('a backing file that is to come later need not be there', async () => {
    const folder = scratchFolder()
    const backing = { path: 'later.img', format: 'raw' } as const
    await expect(create(job(join(folder, 'a'), { backing }), context, parts)).rejects.toMatchObject({
      code: 'missing-file',
    })
    await create(job(join(folder, 'a'), { backing, backingUnseen: true }), context, parts)
    expect(readdirSync(folder)).toEqual(['a'])
  })

  test.each([
    ['no size', { virtualSize: undefined }],
    ['a negative size', { virtualSize: -1 }],
    ['a size past what can be counted', { virtualSize: Number.MAX_SAFE_INTEGER }],
    ['a backing file under a raw image', { format: 'raw', backing: { path: 'base.img', format: 'raw' } }],
    ['an unknown option', { options: { fizz: true } }],
  ])('%s is refused before anything is written', async (_, more) => {
    const folder = scratchFolder()
    const wanted = job(join(folder, 'new'), more as Partial<CreateJob>)
    await expect(create(wanted, context, parts)).rejects.toMatchObject({ code: 'invalid-argument' })
    expect(readdirSync(folder)).toEqual([])
  })

  test('an image cannot take the place of its own backing file', async () => {
    const folder = scratchFolder()
    const path = join(folder, 'base.img')
    writeFileSync(path, Buffer.alloc(MiB, 1))
    const wanted = job(path, { backing: { path: 'base.img', format: 'raw' }, overwrite: true })
    await expect(create(wanted, context, parts)).rejects.toMatchObject({ code: 'invalid-argument' })
    expect(statSync(path).size).toBe(MiB)
  })

  test('running out of room and cancelling leave nothing behind', async () => {
    const folder = scratchFolder()
    const wanted = job(join(folder, 'new'), { options: { preallocation: 'full' } })
    await expect(create(wanted, context, faultyParts({ quota: 256 * KiB }))).rejects.toMatchObject({ code: 'no-space' })
    expect(readdirSync(folder)).toEqual([])
    const cancelling = recorded((now) => now.phase === 'copy' && now.done > 0)
    await expect(create(wanted, cancelling.context, parts)).rejects.toMatchObject({ code: 'cancelled' })
    expect(readdirSync(folder)).toEqual([])
  })
})

describe('predictions', () => {
  test.each([
    ['raw', {}],
    ['raw', { preallocation: 'falloc' }],
    ['qcow2', {}],
    ['qcow2', { preallocation: 'metadata' }],
    ['qcow2', { preallocation: 'falloc' }],
  ] as const)('%s with %j takes the room that was foretold', async (format, options) => {
    const folder = scratchFolder()
    const wanted = job(join(folder, 'new'), { format, options, virtualSize: 64 * MiB })
    const { now, atMost } = await predictCreate(wanted, parts)
    await create(wanted, context, parts)
    const allocated = statSync(join(folder, 'new')).blocks * 512
    expect(Math.abs(allocated - now)).toBeLessThanOrEqual(256 * KiB)
    expect(atMost).toBeGreaterThanOrEqual(64 * MiB)
  })

  test('a plan tells what is read, written, kept and lost, and the command that does the same', async () => {
    const folder = scratchFolder()
    const at = (name: string): string => join(folder, name)
    sampleDisk(at('base.img'))
    execFileSync(qemuImg, ['create', '-q', '-f', 'qcow2', '-b', 'base.img', '-F', 'raw', at('top.qcow2')])
    execFileSync(qemuImg, ['snapshot', '-c', 'one', at('top.qcow2')])
    writeFileSync(at('new.qcow2'), '')
    const wanted = convertJob(at('top.qcow2'), at('new.qcow2'), {
      compress: true,
      verify: true,
      options: { compression_type: 'zstd', data_file: '', cluster_size: 64 * KiB },
    })
    const plan = await planConvert(wanted, parts)
    expect(plan).toMatchObject({ sourceFormat: 'qcow2', exact: false, targetExists: true })
    const below = plan.reads
    expect(plan.changes).toEqual([
      { kind: 'snapshots-dropped', count: 1 },
      { kind: 'backing-merged', names: ['base.img'], bytes: below },
      { kind: 'compressed', codec: 'zstd' },
      { kind: 'kept', virtualSize: plan.virtualSize },
    ])
    expect(plan.command.slice(0, -2)).toEqual(
      'spindle convert -f qcow2 -O qcow2 -c -o compression_type=zstd --verify'.split(' '),
    )
    expect(plan.free).toBeGreaterThan(GiB / 1024)
  })

  test('the room a copy takes is foretold for raw and qcow2', async () => {
    const folder = scratchFolder()
    sampleDisk(join(folder, 'disk.img'))
    for (const format of ['raw', 'qcow2'] as const) {
      const wanted = convertJob(join(folder, 'disk.img'), join(folder, `new.${format}`), { format })
      const { writes } = await planConvert(wanted, parts)
      const result = await convert(wanted, context, parts)
      const allocated = result.kind === 'convert' ? result.allocatedSize : 0
      // Written zeros of the source count as data until they are read: there is a megabyte of them.
      expect(writes - allocated).toBeLessThanOrEqual(MiB + 512 * KiB)
      expect(allocated).toBeLessThanOrEqual(writes)
    }
  })
})
