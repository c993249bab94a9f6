// Larger and smaller disks in the same image, as users ask for them: real files, with QEMU as the judge.

import { copyFileSync, existsSync, readFileSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { beforeEach, describe, expect, test } from 'vitest'
import { SpindleError } from '../../core/model/error.ts'
import type { Preallocation, ResizeJob } from '../../core/model/job.ts'
import { GiB, KiB, MiB, TiB } from '../../core/model/units.ts'
import { openSource, systemParts } from '../../core/operations/parts.ts'
import { planResize } from '../../core/operations/plan-resize.ts'
import { resize } from '../../core/operations/resize.ts'
import { snapshot } from '../../core/operations/snapshot.ts'
import { undo } from '../../core/operations/undo.ts'
import { firstDifference } from '../helpers/disk-model.ts'
import { newestOracle } from '../helpers/oracles.ts'
import { Qemu } from '../helpers/qemu.ts'
import { recorded } from '../helpers/run-operation.ts'
import { scratchFolder } from '../helpers/scratch.ts'

let folder = ''
let qemu = new Qemu(newestOracle(), folder)
const at = (name: string): string => join(folder, name)

beforeEach(() => {
  folder = scratchFolder()
  qemu = new Qemu(newestOracle(), folder)
})

function make(size: string, ...words: readonly string[]): void {
  qemu.img('create', '-q', '-f', 'qcow2', ...words, 'disk', size)
}

function job(virtualSize: number, more: Partial<ResizeJob> = {}): ResizeJob {
  return { kind: 'resize', path: at('disk'), virtualSize, shrink: true, preallocation: 'off', ...more }
}

async function to(virtualSize: number, more: Partial<ResizeJob> = {}): Promise<void> {
  await resize(job(virtualSize, more), recorded().context, systemParts())
}

/** The sentence of the refusal, which must leave the file as it is and nothing beside it. */
async function refusal(virtualSize: number, more: Partial<ResizeJob> = {}): Promise<string> {
  const before = readFileSync(at('disk'))
  const error: unknown = await to(virtualSize, more).then(
    () => undefined,
    (thrown: unknown) => thrown,
  )
  if (!(error instanceof SpindleError)) throw new Error(`not refused: ${String(error)}`)
  expect(Buffer.compare(readFileSync(at('disk')), before)).toBe(0)
  expect(existsSync(`${at('disk')}.spindle-undo`)).toBe(false)
  return error.message
}

async function content(format = 'qcow2'): Promise<Uint8Array> {
  await using disk = await openSource(at('disk'), format, systemParts())
  const bytes = new Uint8Array(disk.size)
  await disk.read(0, bytes)
  return bytes
}

/** That QEMU finds nothing wrong, and reads the same. */
async function expectSound(): Promise<void> {
  expect(qemu.check('disk')).toMatchObject({ corruptions: 0, leaks: 0, errors: 0 })
  expect(firstDifference(await content(), qemu.content('disk'))).toBeUndefined()
}

describe('what a disk gains reads as zeros', () => {
  test.each(['Spindle', 'QEMU'])('where it was larger once, whoever made it smaller: %s', async (by) => {
    make('128k')
    qemu.io('disk', ['write -P 5 0 128k'])
    if (by === 'QEMU') qemu.img('resize', '-q', '--shrink', 'disk', '80k')
    else await to(80 * KiB)
    await to(300 * KiB)
    const bytes = await content()
    expect(firstDifference(bytes.subarray(0, 80 * KiB), new Uint8Array(80 * KiB).fill(5))).toBeUndefined()
    expect(firstDifference(bytes.subarray(80 * KiB), new Uint8Array(220 * KiB))).toBeUndefined()
    await expectSound()
  })

  test('where QEMU makes it larger again, too', async () => {
    make('128k')
    qemu.io('disk', ['write -P 5 0 128k'])
    await to(80 * KiB)
    qemu.img('resize', '-q', 'disk', '128k')
    expect(firstDifference((await content()).subarray(80 * KiB), new Uint8Array(48 * KiB))).toBeUndefined()
  })

  test.each(['0.10', '1.1'])('where the backing file is longer, in version %s', async (compat) => {
    writeFileSync(at('base'), new Uint8Array(3 * MiB).fill(7))
    make('1000k', '-o', `compat=${compat}`, '-b', 'base', '-F', 'raw')
    await to(4 * MiB)
    const bytes = await content()
    expect(firstDifference(bytes.subarray(0, 1000 * KiB), new Uint8Array(1000 * KiB).fill(7))).toBeUndefined()
    expect(firstDifference(bytes.subarray(1000 * KiB), new Uint8Array(4 * MiB - 1000 * KiB))).toBeUndefined()
    await expectSound()
  })

  test('where the backing file is longer and holds pieces smaller than a cluster', async () => {
    qemu.img('create', '-q', '-f', 'qcow2', '-o', 'cluster_size=4k', 'base', '1M')
    qemu.io('base', ['write -P 5 300k 4k', 'write -P 6 320k 4k', 'write -P 7 500k 12k'])
    make('200k', '-o', 'cluster_size=256k', '-b', 'base', '-F', 'qcow2')
    await to(MiB)
    expect(firstDifference(await content(), new Uint8Array(MiB))).toBeUndefined()
    expect(firstDifference(qemu.content('disk'), new Uint8Array(MiB))).toBeUndefined()
  })

  test('where the backing file is longer and room is taken in advance', async () => {
    writeFileSync(at('base'), new Uint8Array(3 * MiB).fill(7))
    make('1M', '-b', 'base', '-F', 'raw')
    await to(4 * MiB, { preallocation: 'metadata' })
    expect(firstDifference((await content()).subarray(MiB), new Uint8Array(3 * MiB))).toBeUndefined()
    await expectSound()
  })
})

describe('room in advance', () => {
  const modes: readonly (readonly [Preallocation, string, boolean])[] = [
    ['off', '1.1', false],
    ['metadata', '1.1', false],
    ['falloc', '1.1', true],
    ['full', '1.1', true],
    ['metadata', '0.10', false],
    ['full', '0.10', true],
  ]
  test.each(modes)('%s, version %s', async (preallocation, compat, isTaken) => {
    make('1M', '-o', `compat=${compat}`)
    qemu.io('disk', ['write -P 5 0 1M'])
    await to(24 * MiB + 512, { preallocation })
    expect(statSync(at('disk')).blocks * 512 > 24 * MiB).toBe(isTaken)
    const rows = qemu.json('map', 'disk') as readonly { readonly start: number; readonly offset?: number }[]
    expect(rows.at(-1)?.offset !== undefined).toBe(preallocation !== 'off')
    expect(firstDifference((await content()).subarray(MiB), new Uint8Array(23 * MiB + 512))).toBeUndefined()
    await expectSound()
  })

  test('every part of every cluster, with subclusters', async () => {
    make('1M', '-o', 'extended_l2=on,cluster_size=32k')
    await to(3 * MiB + 512, { preallocation: 'metadata' })
    expect(qemu.json('map', 'disk')).toMatchObject([{ data: false }, { start: MiB, length: 2 * MiB + 512, data: true }])
    await expectSound()
  })

  test.each(['on', 'off'])('an external data file is as long as the disk; raw: %s', async (raw) => {
    make('1M', '-o', `data_file=data,data_file_raw=${raw}`)
    qemu.io('disk', ['write -P 5 0 1M'])
    await to(3 * MiB)
    expect(statSync(at('data')).size).toBe(3 * MiB)
    await expectSound()
    await to(512 * KiB + 512)
    expect(statSync(at('data')).size).toBe(512 * KiB + 512)
    await expectSound()
    await to(2 * MiB, { preallocation: 'falloc' })
    expect(statSync(at('data')).size).toBe(2 * MiB)
    expect(statSync(at('data')).blocks * 512).toBeGreaterThanOrEqual(MiB)
    expect(
      firstDifference((await content()).subarray(512 * KiB + 512), new Uint8Array(1536 * KiB - 512)),
    ).toBeUndefined()
    await expectSound()
  })
})

describe('a smaller disk', () => {
  test('frees what it loses and cuts the end of the file off', async () => {
    make('64M')
    qemu.io('disk', ['write -P 5 0 64M'])
    await to(MiB)
    expect(statSync(at('disk')).size).toBeLessThanOrEqual(MiB + 5 * 64 * KiB)
    expect(statSync(at('disk')).blocks * 512).toBeLessThanOrEqual(MiB + 5 * 64 * KiB)
    await expectSound()
  })

  test('leaves its snapshots what they have', async () => {
    make('4M')
    qemu.io('disk', ['write -P 5 0 4M'])
    qemu.img('snapshot', '-c', 'whole', 'disk')
    await to(100 * KiB)
    await expectSound()
    await snapshot(
      { kind: 'snapshot', path: at('disk'), action: { kind: 'apply', id: '1' } },
      recorded().context,
      systemParts(),
    )
    expect(firstDifference(await content(), new Uint8Array(4 * MiB).fill(5))).toBeUndefined()
  })

  test('is told what it would lose before', async () => {
    make('8M')
    qemu.io('disk', ['write -P 5 1M 2M', 'write -z 4M 1M', 'discard 1M 64k'])
    const plan = await planResize(job(2 * MiB), systemParts())
    expect(plan).toMatchObject({ format: 'qcow2', virtualSize: 8 * MiB, dataEnd: 3 * MiB, lostBytes: MiB })
    expect(plan.command).toEqual(['spindle', 'resize', '-f', 'qcow2', '--shrink', at('disk'), String(2 * MiB)])
    expect(await planResize(job(4 * MiB), systemParts())).toMatchObject({ lostBytes: 0 })
  })

  test('can be taken back', async () => {
    make('8M')
    qemu.io('disk', ['write -P 5 0 8M'])
    copyFileSync(at('disk'), at('before'))
    await to(MiB, { keepUndo: true })
    expect((await content()).length).toBe(MiB)
    await undo(at('disk'))
    expect(Buffer.compare(readFileSync(at('disk')), readFileSync(at('before')))).toBe(0)
  })
})

describe('what is refused changes nothing', () => {
  test('shrinking that was not allowed', async () => {
    make('8M')
    expect(await refusal(MiB, { shrink: false })).toMatch(/would shrink from 8 MiB to 1 MiB, and all data beyond/)
  })

  test('half a sector', async () => {
    make('8M')
    expect(await refusal(8 * MiB + 100)).toMatch(/no multiple of 512/)
  })

  test('more than the L1 table can have', async () => {
    make('8M', '-o', 'cluster_size=512')
    expect(await refusal(129 * GiB)).toMatch(/With its clusters of 512 B, .* can be 128 GiB large at most/)
    await to(128 * GiB)
    expect(qemu.check('disk')).toMatchObject({ corruptions: 0, leaks: 0, errors: 0 })
  })

  test('room in advance for a smaller disk', async () => {
    make('8M')
    expect(await refusal(MiB, { preallocation: 'metadata' })).toMatch(/Only what is new of a disk can be allocated/)
  })

  test('room in advance that is not there', async () => {
    make('8M')
    expect(await refusal(500 * TiB, { preallocation: 'full' })).toMatch(/There is not enough room/)
  })

  test('another size for version 2 with snapshots', async () => {
    make('8M', '-o', 'compat=0.10')
    qemu.img('snapshot', '-c', 'x', 'disk')
    expect(await refusal(9 * MiB)).toMatch(/in version 2 of the format must be as large as the disk/)
  })

  test('another size with bitmaps', async () => {
    make('8M')
    qemu.img('bitmap', '--add', 'disk', 'changes')
    expect(await refusal(9 * MiB)).toMatch(/has dirty bitmaps, which would no longer fit/)
  })

  test('shrinking by tables that are damaged', async () => {
    make('8M')
    qemu.io('disk', ['write -P 5 0 8M'])
    const bytes = readFileSync(at('disk'))
    // The count of the last cluster: the end of the file would be cut off inside the data.
    bytes.writeUInt16BE(0, 0x20000 + 2 * 100)
    writeFileSync(at('disk'), bytes)
    expect(await refusal(4 * MiB)).toMatch(/are damaged, and what they do not tell of could be lost/)
  })

  test('a resize that is cancelled on the way', async () => {
    make('8M')
    qemu.io('disk', ['write -P 5 0 8M'])
    const before = readFileSync(at('disk'))
    const { context } = recorded(({ phase, done }) => phase === 'copy' && done > MiB)
    const work = resize(job(64 * MiB, { preallocation: 'full' }), context, systemParts())
    await expect(work).rejects.toMatchObject({ code: 'cancelled' })
    expect(Buffer.compare(readFileSync(at('disk')), before)).toBe(0)
  })
})

describe('raw', () => {
  test('grows, shrinks and takes room in all the ways it has', async () => {
    writeFileSync(at('disk'), new Uint8Array(MiB).fill(5))
    await to(3 * MiB, { format: 'raw' })
    expect(statSync(at('disk')).blocks * 512).toBeLessThan(2 * MiB)
    await to(5 * MiB, { format: 'raw', preallocation: 'falloc' })
    await to(7 * MiB, { format: 'raw', preallocation: 'full' })
    expect(statSync(at('disk')).blocks * 512).toBeGreaterThanOrEqual(5 * MiB)
    const bytes = await content('raw')
    expect(firstDifference(bytes.subarray(MiB), new Uint8Array(6 * MiB))).toBeUndefined()
    await to(300 * KiB, { format: 'raw' })
    expect(firstDifference(await content('raw'), new Uint8Array(300 * KiB).fill(5))).toBeUndefined()
    expect(await refusal(MiB, { format: 'raw', preallocation: 'metadata' })).toMatch(/has no tables to prepare/)
  })

  test('what it has gained can be taken back, and what it would lose is not promised to', async () => {
    writeFileSync(at('disk'), new Uint8Array(MiB).fill(5))
    await to(3 * MiB, { format: 'raw', keepUndo: true, preallocation: 'full' })
    await undo(at('disk'))
    expect(firstDifference(await content('raw'), new Uint8Array(MiB).fill(5))).toBeUndefined()
    expect(await refusal(100 * KiB, { format: 'raw', keepUndo: true })).toMatch(/cannot be taken back/)
  })
})

test('the largest disk there can be is made in a moment', async () => {
  make('1G')
  qemu.io('disk', ['write -P 5 1023M 1M'])
  await to(2048 * TiB)
  expect(qemu.check('disk')).toMatchObject({ corruptions: 0, leaks: 0, errors: 0 })
  await to(GiB)
  expect(qemu.check('disk')).toMatchObject({ corruptions: 0, leaks: 0, errors: 0 })
})
