// Changes in place on real files: they happen as a whole or not at all, and can be taken back where that was asked for.

import { spawn } from 'node:child_process'
import { existsSync, readFileSync, statSync, symlinkSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { setTimeout as wait } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { describe, expect, test } from 'vitest'
import type { Storage } from '../../../core/storage/storage.ts'
import { readVolume } from '../../../core/library/volume.ts'
import { SpindleError } from '../../../core/model/error.ts'
import { allocation } from '../../../core/operations/allocation.ts'
import { check } from '../../../core/operations/check.ts'
import { changeInPlace, changeLayerInPlace } from '../../../core/operations/in-place.ts'
import type { InPlaceSpec } from '../../../core/operations/in-place.ts'
import { inspect } from '../../../core/operations/inspect.ts'
import { openSource, systemParts } from '../../../core/operations/parts.ts'
import type { Parts } from '../../../core/operations/parts.ts'
import { repair } from '../../../core/operations/repair.ts'
import { undo, undoState } from '../../../core/operations/undo.ts'
import { openFile } from '../../../core/storage/file.ts'
import { UndoStorage } from '../../../core/storage/undo-storage.ts'
import { FaultyStorage } from '../../helpers/faulty-storage.ts'
import { soundImage } from '../../helpers/qcow2-bytes.ts'
import { faultyParts, recorded } from '../../helpers/run-operation.ts'
import { scratchFolder } from '../../helpers/scratch.ts'
import { spindle } from '../../helpers/spindle.ts'

const SIZE = 300_000

interface Disk {
  readonly path: string
  readonly undoFile: string
  readonly before: Uint8Array
}

function rawDisk(): Disk {
  const path = join(scratchFolder(), 'disk.img')
  const before = Uint8Array.from({ length: SIZE }, (_, index) => index % 251)
  writeFileSync(path, before)
  return { path, undoFile: `${path}.spindle-undo`, before }
}

async function change(disk: Disk, how: Partial<InPlaceSpec> = {}, parts: Parts = systemParts()): Promise<void> {
  const spec = { path: disk.path, format: 'raw', keepUndo: false, ...how }
  await changeInPlace(spec, recorded().context, parts, async ({ storage }) => overwrite(storage))
}

async function overwrite(storage: Storage): Promise<void> {
  await storage.write(100_000, new Uint8Array(50_000).fill(0xaa))
  await storage.truncate(250_000)
  await storage.write(310_000, new Uint8Array(10).fill(0xbb))
  await storage.flush()
}

function isAsBefore({ path, before }: Disk): boolean {
  return Buffer.compare(readFileSync(path), before) === 0
}

async function free({ storage }: { readonly storage: Storage }): Promise<void> {
  await storage.discard(0, 262_144)
}

/** A change that the program did not live to end. */
async function cutOff({ path, undoFile }: Disk): Promise<void> {
  await using log = await openFile(undoFile, 'create')
  await using image = await openFile(path, 'write')
  await overwrite(await UndoStorage.over(image, log))
}

test('a change is there when it is done, and nothing else', async () => {
  const disk = rawDisk()
  await change(disk)
  const bytes = readFileSync(disk.path)
  expect(bytes.length).toBe(310_010)
  expect([bytes[100_000], bytes[260_000], bytes[310_000]]).toEqual([0xaa, 0, 0xbb])
  expect(existsSync(disk.undoFile)).toBe(false)
  await expect(undo(disk.path)).rejects.toMatchObject({ code: 'not-found' })
})

test('a change that keeps its undo file can be taken back, byte for byte', async () => {
  const disk = rawDisk()
  await change(disk, { keepUndo: true })
  expect(isAsBefore(disk)).toBe(false)
  expect(await undoState(disk.path)).toEqual({ complete: true, size: SIZE, matches: true })
  await undo(disk.path)
  expect(isAsBefore(disk)).toBe(true)
  expect(existsSync(disk.undoFile)).toBe(false)
})

test('a change that keeps its undo file but changes nothing leaves none', async () => {
  const disk = rawDisk()
  const spec = { path: disk.path, format: 'raw', keepUndo: true }
  await changeInPlace(spec, recorded().context, systemParts(), async ({ storage }) => storage.flush())
  expect(existsSync(disk.undoFile)).toBe(false)
})

test('the next change takes the place of the one that could be undone', async () => {
  const disk = rawDisk()
  await change(disk, { keepUndo: true })
  const between = readFileSync(disk.path)
  const spec = { path: disk.path, format: 'raw', keepUndo: true }
  await changeInPlace(spec, recorded().context, systemParts(), async ({ storage }) =>
    storage.write(0, Uint8Array.of(1, 2, 3)),
  )
  await undo(disk.path)
  expect(Buffer.compare(readFileSync(disk.path), between)).toBe(0)
})

test('what others changed since is not undone', async () => {
  const disk = rawDisk()
  await change(disk, { keepUndo: true })
  const bytes = readFileSync(disk.path)
  bytes[100_001] = 0
  writeFileSync(disk.path, bytes)
  expect(await undoState(disk.path)).toMatchObject({ matches: false })
  await expect(undo(disk.path)).rejects.toMatchObject({ code: 'differs' })
  expect(Buffer.compare(readFileSync(disk.path), bytes)).toBe(0)
  expect(existsSync(disk.undoFile)).toBe(true)
})

test('the room a change frees is given back, but not while it may be taken back', async () => {
  const disk = rawDisk()
  const before = statSync(disk.path).blocks
  const spec = { path: disk.path, format: 'raw', keepUndo: true }
  await changeInPlace(spec, recorded().context, systemParts(), free)
  expect(statSync(disk.path).blocks).toBe(before)
  await changeInPlace({ ...spec, keepUndo: false }, recorded().context, systemParts(), free)
  expect(statSync(disk.path).blocks).toBeLessThan(before)
})

test('while a change goes on nothing else opens the image, and nothing takes it back', async () => {
  const disk = rawDisk()
  const spec = { path: disk.path, format: 'raw', keepUndo: false }
  const parts = systemParts()
  await changeInPlace(spec, recorded().context, parts, async ({ storage }) => {
    await overwrite(storage)
    await expect(openSource(disk.path, 'raw', parts)).rejects.toMatchObject({ code: 'in-use' })
    await expect(change(disk)).rejects.toMatchObject({ code: 'in-use' })
    await expect(undo(disk.path)).rejects.toMatchObject({ code: 'in-use' })
    expect(spindle(['undo', disk.path])).toMatchObject({
      code: 1,
      error: expect.stringMatching(/being changed/) as string,
    })
  })
  expect(isAsBefore(disk)).toBe(false)
  await using source = await openSource(disk.path, 'raw', parts)
  expect(source.size).toBe(310_010)
})

test('the undo file lies beside the file itself, whatever link it was named by', async () => {
  const disk = rawDisk()
  const link = join(scratchFolder(), 'link.img')
  symlinkSync(disk.path, link)
  await change({ ...disk, path: link }, { keepUndo: true })
  expect(existsSync(disk.undoFile)).toBe(true)
  await undo(link)
  expect(isAsBefore(disk)).toBe(true)
})

describe('a change that does not come to its end', () => {
  test('is put back when it fails', async () => {
    const disk = rawDisk()
    const spec = { path: disk.path, format: 'raw', keepUndo: true }
    const work = changeInPlace(spec, recorded().context, systemParts(), async ({ storage }) => {
      await overwrite(storage)
      throw new SpindleError('no-space', 'There is no room left.')
    })
    await expect(work).rejects.toMatchObject({ code: 'no-space' })
    expect(isAsBefore(disk)).toBe(true)
    expect(existsSync(disk.undoFile)).toBe(false)
  })

  test('is put back when it is cancelled', async () => {
    const disk = rawDisk()
    const { context, committed } = recorded((progress) => progress.done > 0)
    const spec = { path: disk.path, format: 'raw', keepUndo: false }
    const work = changeInPlace(spec, context, systemParts(), async ({ storage }) => {
      await overwrite(storage)
      context.progress({ phase: 'copy', done: 1, total: 2 })
    })
    await expect(work).rejects.toMatchObject({ code: 'cancelled' })
    expect(committed()).toBe(false)
    expect(isAsBefore(disk)).toBe(true)
    expect(existsSync(disk.undoFile)).toBe(false)
  })

  test('is put back when there is no room for its undo file', async () => {
    for (const quota of [0, 4096, 40_960]) {
      const disk = rawDisk()
      await expect(change(disk, {}, faultyParts({ quota })), `${quota} bytes`).rejects.toMatchObject({
        code: 'no-space',
      })
      expect(isAsBefore(disk)).toBe(true)
      expect(existsSync(disk.undoFile)).toBe(false)
    }
  })

  test('says how to put it back when the disk fails even for that', async () => {
    const disk = rawDisk()
    const parts = systemParts()
    const broken: Parts = {
      ...parts,
      openFile: async (path, access) => {
        const file = await parts.openFile(path, access)
        return access === 'write' ? new FaultyStorage(file, { faults: [{ call: 'write', at: 2, code: 'io' }] }) : file
      },
    }
    await expect(change(disk, {}, broken)).rejects.toMatchObject({
      code: 'io',
      message: expect.stringMatching(/“spindle undo .*” tries that again/) as string,
    })
    expect(existsSync(disk.undoFile)).toBe(true)
    await undo(disk.path)
    expect(isAsBefore(disk)).toBe(true)
    expect(existsSync(disk.undoFile)).toBe(false)
  })

  test('is refused by everything that opens images, and leads back with undo', async () => {
    const disk = rawDisk()
    await cutOff(disk)
    const parts = systemParts()
    const { context } = recorded()
    const refused = { code: 'invalid-image', message: expect.stringContaining(`spindle undo ${disk.path}`) as string }
    await expect(openSource(disk.path, 'raw', parts)).rejects.toMatchObject(refused)
    await expect(inspect({ path: disk.path, chain: true }, parts)).rejects.toMatchObject(refused)
    await expect(check({ kind: 'check', path: disk.path }, context, parts)).rejects.toMatchObject(refused)
    await expect(repair({ kind: 'repair', path: disk.path, mode: 'all' }, context, parts)).rejects.toMatchObject(
      refused,
    )
    await expect(change(disk)).rejects.toMatchObject(refused)
    expect(await undoState(disk.path)).toEqual({ complete: false, size: SIZE, matches: true })
    await undo(disk.path)
    expect(isAsBefore(disk)).toBe(true)
    await change(disk)
  })

  test('is a row of the library that says so', async () => {
    const disk = rawDisk()
    const row = () =>
      readVolume(
        { path: disk.path, place: dirname(disk.path), name: 'disk.img', stats: statSync(disk.path), chosen: false },
        systemParts().drivers,
      )
    expect((await row())?.error).toBeUndefined()
    await cutOff(disk)
    expect((await row())?.error?.message).toContain('spindle undo')
    await undo(disk.path)
    expect((await row())?.error).toBeUndefined()
  })

  test('is refused below an overlay as well', async () => {
    const disk = rawDisk()
    await cutOff(disk)
    const top = join(dirname(disk.path), 'top.qcow2')
    const { image } = await soundImage()
    const name = new TextEncoder().encode(disk.path)
    image.extensions({ type: 0xe2_79_2a_ca, data: new TextEncoder().encode('raw') })
    image.put(1024, name)
    image.set('backing_file_offset', 1024)
    image.set('backing_file_size', name.length)
    writeFileSync(top, image.bytes)
    await expect(allocation(top, 10, systemParts())).rejects.toMatchObject({
      code: 'missing-file',
      message: expect.stringContaining('spindle undo') as string,
    })
  })

  test('that had not begun is no change at all', async () => {
    const disk = rawDisk()
    writeFileSync(disk.undoFile, '')
    await using source = await openSource(disk.path, 'raw', systemParts())
    expect(source.size).toBeGreaterThan(0)
    await change(disk)
    expect(existsSync(disk.undoFile)).toBe(false)
  })

  test.each([1, 2, 3, 4])('leads back after the program was killed (%i)', async (round) => {
    const disk = rawDisk()
    const program = fileURLToPath(new URL('change-for-ever.ts', import.meta.url))
    const child = spawn(process.execPath, [program, disk.path], { stdio: ['ignore', 'pipe', 'inherit'] })
    await new Promise((resolve) => child.stdout.once('data', resolve))
    await wait(round * 7)
    child.kill('SIGKILL')
    await new Promise((resolve) => child.once('exit', resolve))
    await expect(openSource(disk.path, 'raw', systemParts())).rejects.toMatchObject({ code: 'invalid-image' })
    await undo(disk.path)
    expect(isAsBefore(disk)).toBe(true)
  })
})

async function damagedDisk(): Promise<Disk> {
  const path = join(scratchFolder(), 'disk.qcow2')
  const { image } = await soundImage()
  const block = image.low48(image.header.refcount_table_offset)
  image.put(block, new Uint8Array(32))
  writeFileSync(path, image.bytes)
  return { path, undoFile: `${path}.spindle-undo`, before: image.bytes.slice() }
}

describe('repairing a file', () => {
  test('puts it right, and undo makes it what it was', async () => {
    const disk = await damagedDisk()
    const { context, progress, committed } = recorded()
    const spec = { kind: 'repair', path: disk.path, mode: 'all', keepUndo: true } as const
    const { format, report } = await repair(spec, context, systemParts())
    expect(format).toBe('qcow2')
    expect(report?.after.findings).toEqual([])
    expect(report?.corruptionsFixed).toBeGreaterThan(0)
    expect(committed()).toBe(true)
    expect(progress.at(-1)).toMatchObject({ phase: 'verify', done: progress.at(-1)?.total })
    expect((await check({ kind: 'check', path: disk.path }, context, systemParts())).report?.totals.corruptions).toBe(0)
    await undo(disk.path)
    expect(isAsBefore(disk)).toBe(true)
  })

  test('leaves a sound one alone, to the time of its last change', async () => {
    const disk = await damagedDisk()
    const spec = { kind: 'repair', path: disk.path, mode: 'all', keepUndo: true } as const
    await repair({ ...spec, keepUndo: false }, recorded().context, systemParts())
    const { mtimeMs } = statSync(disk.path)
    expect((await repair(spec, recorded().context, systemParts())).report?.repaired).toEqual([])
    expect(statSync(disk.path).mtimeMs).toBe(mtimeMs)
    expect(existsSync(disk.undoFile)).toBe(false)
  })

  test('is stopped by cancelling, and then nothing has happened', async () => {
    const disk = await damagedDisk()
    const { context } = recorded(() => true)
    const spec = { kind: 'repair', path: disk.path, mode: 'all', keepUndo: false } as const
    await expect(repair(spec, context, systemParts())).rejects.toMatchObject({ code: 'cancelled' })
    expect(isAsBefore(disk)).toBe(true)
    expect(existsSync(disk.undoFile)).toBe(false)
  })

  test('has nothing to do in a format without tables', async () => {
    const disk = rawDisk()
    const { context } = recorded()
    const nothing = { path: disk.path, format: 'raw', warnings: [] }
    const spec = { kind: 'repair', path: disk.path, mode: 'all', keepUndo: true } as const
    expect(await repair(spec, context, systemParts())).toEqual({ kind: 'repair', ...nothing })
    const found = await check({ kind: 'check', path: disk.path }, context, systemParts())
    expect(found).toEqual({ kind: 'check', ...nothing })
    expect(existsSync(disk.undoFile)).toBe(false)
  })
})

test('work on an opened image is work on what can be put back', async () => {
  const path = join(scratchFolder(), 'disk.qcow2')
  const { image } = await soundImage()
  writeFileSync(path, image.bytes)
  const before = readFileSync(path)
  await changeLayerInPlace({ path, keepUndo: true }, recorded().context, systemParts(), async (layer) => {
    await layer.writer?.zero(0, 65_536, true)
    await layer.writer?.flush()
  })
  expect(Buffer.compare(readFileSync(path), before)).not.toBe(0)
  await undo(path)
  expect(Buffer.compare(readFileSync(path), before)).toBe(0)
})
