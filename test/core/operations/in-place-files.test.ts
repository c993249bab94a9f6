// Changes in place of images that consist of several files: they happen in all of these, or in none.

import { spawn } from 'node:child_process'
import { existsSync, readFileSync, readdirSync, renameSync, statSync, unlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as wait } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { expect, test } from 'vitest'
import { openDisk } from '../../../core/image/chain.ts'
import { readVolume } from '../../../core/library/volume.ts'
import { KiB, MiB } from '../../../core/model/units.ts'
import { commit } from '../../../core/operations/commit.ts'
import { create } from '../../../core/operations/create.ts'
import { changeInPlace } from '../../../core/operations/in-place.ts'
import { openSource, systemParts } from '../../../core/operations/parts.ts'
import { resize } from '../../../core/operations/resize.ts'
import { undo, undoState } from '../../../core/operations/undo.ts'
import { Qemu } from '../../helpers/qemu.ts'
import { newestOracle } from '../../helpers/oracles.ts'
import { partsDyingAfter } from '../../helpers/chain.ts'
import { recorded } from '../../helpers/run-operation.ts'
import { scratchFolder } from '../../helpers/scratch.ts'
import { spindleHere } from '../../helpers/spindle.ts'

const PROGRAM = fileURLToPath(new URL('change-two-for-ever.ts', import.meta.url))

interface Pair {
  readonly folder: string
  readonly path: string
  readonly data: string
  readonly before: readonly [Uint8Array, Uint8Array]
}

/** An image with a data file of its own, half of it written. */
async function pair({ raw = false } = {}): Promise<Pair> {
  const folder = scratchFolder()
  const [path, data] = [join(folder, 'disk.qcow2'), join(folder, 'disk.data')]
  const options = { data_file: 'disk.data', ...(raw && { data_file_raw: true }) }
  const job = { kind: 'create', target: path, format: 'qcow2', virtualSize: MiB, options } as const
  await create(job, recorded().context, systemParts())
  const how = { ...systemParts(), format: 'qcow2', access: 'write' } as const
  await using disk = await openDisk(await systemParts().openFile(path, 'write'), how)
  await disk.write(0, new Uint8Array(512 * KiB).fill(7))
  await disk.flush()
  return { folder, path, data, before: [readFileSync(path), readFileSync(data)] }
}

function isAsBefore({ path, data, before }: Pair): boolean {
  return [path, data].every((file, index) => Buffer.compare(readFileSync(file), before[index] ?? Buffer.of()) === 0)
}

const undoFilesIn = (folder: string): readonly string[] =>
  readdirSync(folder).filter((name) => name.endsWith('.spindle-undo'))

/** Writes through the image, so that tables and data change. */
async function change({ path }: Pair, keepUndo = false, parts = systemParts()): Promise<void> {
  await changeInPlace({ path, keepUndo }, recorded().context, parts, async ({ storage, gate }) => {
    await using disk = await openDisk(storage, { ...parts, gate, access: 'write' })
    await disk.write(100 * KiB, new Uint8Array(200 * KiB).fill(8))
    await disk.write(700 * KiB, new Uint8Array(200 * KiB).fill(9))
    await disk.flush()
  })
}

/** As `change`, by a program that is killed on the way. */
async function cutOff({ path }: Pair, milliseconds = 5): Promise<void> {
  const child = spawn(process.execPath, [PROGRAM, path], { stdio: ['ignore', 'pipe', 'inherit'] })
  await new Promise((resolve) => child.stdout.once('data', resolve))
  await wait(milliseconds)
  child.kill('SIGKILL')
  await new Promise((resolve) => child.once('exit', resolve))
}

test('a change of both files is there when it is done, and nothing else', async () => {
  const files = await pair()
  await change(files)
  expect(undoFilesIn(files.folder)).toEqual([])
  await using disk = await openSource(files.path, undefined, systemParts())
  const bytes = new Uint8Array(disk.size)
  await disk.read(0, bytes)
  expect([bytes[0], bytes[100 * KiB], bytes[700 * KiB], bytes[950 * KiB]]).toEqual([7, 8, 9, 0])
})

test('a change that keeps its undo file can be taken back in both', async () => {
  for (const named of ['path', 'data'] as const) {
    const files = await pair()
    await change(files, true)
    expect(undoFilesIn(files.folder)).toHaveLength(2)
    expect(await undoState(files[named])).toMatchObject({ complete: true, matches: true })
    await undo(files[named])
    expect(isAsBefore(files)).toBe(true)
    expect(undoFilesIn(files.folder)).toEqual([])
  }
})

test('a file that is only opened is not touched, and leaves no undo file', async () => {
  const files = await pair()
  const { mtimeMs } = statSync(files.data)
  const spec = { path: files.path, keepUndo: true }
  await changeInPlace(spec, recorded().context, systemParts(), async ({ storage, driver, gate }) => {
    await using layer = await driver.open(storage, gate, 'write')
    await layer.bitmaps?.add('new')
  })
  expect(statSync(files.data).mtimeMs).toBe(mtimeMs)
  expect(undoFilesIn(files.folder)).toEqual(['disk.qcow2.spindle-undo'])
  await undo(files.path)
  expect(isAsBefore(files)).toBe(true)
})

test.each([3, 11, 23])('is led back in both after the program was killed (%i ms)', async (milliseconds) => {
  const files = await pair()
  await cutOff(files, milliseconds)
  const parts = systemParts()
  for (const path of [files.path, files.data]) {
    const refused = { code: 'invalid-image', message: expect.stringContaining(`spindle undo ${path}`) as string }
    await expect(openSource(path, undefined, parts)).rejects.toMatchObject(refused)
    expect(await undoState(path)).toMatchObject({ complete: false, matches: true })
    const row = { path, place: files.folder, name: 'x', stats: statSync(path), chosen: true }
    expect((await readVolume(row, parts.drivers))?.error?.message).toContain('spindle undo')
  }
  expect(await spindleHere('undo', files.data)).toMatchObject({ code: 0, error: '' })
  expect(isAsBefore(files)).toBe(true)
  expect(undoFilesIn(files.folder)).toEqual([])
  await change(files)
})

test('all of its files may have been moved before', async () => {
  const files = await pair()
  await cutOff(files)
  const elsewhere = scratchFolder()
  for (const name of readdirSync(files.folder)) renameSync(join(files.folder, name), join(elsewhere, name))
  const moved = { ...files, path: join(elsewhere, 'disk.qcow2'), data: join(elsewhere, 'disk.data') }
  await undo(moved.path)
  expect(isAsBefore(moved)).toBe(true)
})

test('a file that is gone is asked for, and nothing is half undone', async () => {
  const files = await pair()
  await cutOff(files)
  const [aside, half] = [join(files.folder, 'aside'), readFileSync(files.path)]
  renameSync(files.data, aside)
  await expect(undo(files.path)).rejects.toMatchObject({ code: 'missing-file' })
  expect(Buffer.compare(readFileSync(files.path), half)).toBe(0)
  renameSync(aside, files.data)
  await undo(files.path)
  expect(isAsBefore(files)).toBe(true)
})

test('a complete change is not taken back by halves', async () => {
  const files = await pair()
  await change(files, true)
  unlinkSync(`${files.data}.spindle-undo`)
  expect(await undoState(files.path)).toMatchObject({ complete: true, matches: false })
  await expect(undo(files.path)).rejects.toMatchObject({ code: 'differs' })
})

test('a later change of the data file alone takes the place of the offer', async () => {
  const files = await pair()
  await change(files, true)
  const spec = { path: files.data, format: 'raw', keepUndo: true }
  const between = readFileSync(files.data)
  await changeInPlace(spec, recorded().context, systemParts(), async ({ storage }) =>
    storage.write(0, Uint8Array.of(1, 2, 3)),
  )
  expect(existsSync(`${files.path}.spindle-undo`)).toBe(false)
  await undo(files.data)
  expect(Buffer.compare(readFileSync(files.data), between)).toBe(0)
})

test('what a change that has come to its end left beside a data file says nothing', async () => {
  const files = await pair()
  await change(files, true)
  const left = readFileSync(`${files.data}.spindle-undo`)
  await change(files)
  writeFileSync(`${files.data}.spindle-undo`, left)
  expect(await undoState(files.data)).toBeUndefined()
  await expect(undo(files.data)).rejects.toMatchObject({ code: 'not-found' })
  await change(files)
  expect(undoFilesIn(files.folder)).toEqual([])
})

test.each([true, false])('a disk whose data file is raw (%s) shrinks and grows in both, or in none', async (raw) => {
  for (const virtualSize of [256 * KiB, 3 * MiB]) {
    for (let changes = 0; ; changes += 1 + Math.floor(changes / 4)) {
      const files = await pair({ raw })
      const job = { kind: 'resize', path: files.path, virtualSize, shrink: true, preallocation: 'off' } as const
      const dying = partsDyingAfter(changes)
      const done = await resize(job, recorded().context, dying).then(
        () => true,
        () => false,
      )
      if ((await undoState(files.path))?.complete === false) await undo(files.path)
      const left = [isAsBefore(files), await sizeOf(files)]
      const isDone = (await sizeOf(files)) === virtualSize
      expect(left, `after ${changes} changes`).toEqual(isDone ? [false, virtualSize] : [true, MiB])
      if (!done) continue
      expect([statSync(files.data).size, undoFilesIn(files.folder)]).toEqual([virtualSize, []])
      break
    }
  }
})

async function sizeOf({ path }: Pair): Promise<number> {
  await using disk = await openSource(path, undefined, systemParts())
  return disk.size
}

test('a commit into an image with a data file that is cut off changes neither, or is done', async () => {
  for (let changes = 0; ; changes += 1 + Math.floor(changes / 3)) {
    const files = await pair({ raw: true })
    const qemu = new Qemu(newestOracle(), files.folder)
    qemu.img('create', '-q', '-f', 'qcow2', '-b', 'disk.qcow2', '-F', 'qcow2', 'top')
    qemu.io('top', ['write -P 3 64k 128k', 'write -z 256k 64k', 'write -P 4 800k 64k'])
    const expected = qemu.content('top')
    const job = { kind: 'commit', path: join(files.folder, 'top'), keepTop: true, allowOthers: false } as const
    const done = await commit(job, recorded().context, partsDyingAfter(changes)).then(
      () => true,
      () => false,
    )
    const cut = (await undoState(files.path))?.complete === false
    if (cut) await undo(files.path)
    expect(Buffer.compare(qemu.content('top'), expected)).toBe(0)
    expect(!cut || isAsBefore(files), `after ${changes} changes`).toBe(true)
    if (!done) continue
    expect(Buffer.compare(readFileSync(files.data), expected)).toBe(0)
    break
  }
})
