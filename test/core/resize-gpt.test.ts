// A disk with a GPT, made larger and smaller: its table fits the new end, as sgdisk and sfdisk see it.

import { readFileSync, truncateSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { openOperations } from '../../core/index.ts'
import { MiB } from '../../core/model/units.ts'
import { gptBytes } from '../helpers/gpt-bytes.ts'
import { newestOracle } from '../helpers/oracles.ts'
import { dividedDisk, emptyFile, placeBytes, placeInto, tool } from '../helpers/partition-tools.ts'
import { scratchFolder } from '../helpers/scratch.ts'
import { spindleHere } from '../helpers/spindle.ts'

const { qemuImg } = newestOracle()
const LINES = ['label: gpt', 'size=8M, type=U, name="EFI System"', 'size=16M, name=root']
/** Up to the end of the last partition, and the copy behind it. */
const SMALLEST = 25 * MiB + 33 * 512

interface Subject {
  readonly image: string
  readonly format: string
  /** The disk as a raw file of its own. */
  readonly raw: () => string
}

/** A disk of 64 MiB with a real file system in its second partition. */
function subject(format: string): Subject {
  const folder = scratchFolder()
  const disk = dividedDisk(join(folder, 'disk.img'), 64 * MiB, LINES)
  const root = emptyFile(join(folder, 'root.img'), 16 * MiB)
  tool('mke2fs', ['-q', '-t', 'ext4', '-d', 'core/contents', root])
  placeInto(disk, 9 * MiB, root)
  const image = join(folder, `image.${format}`)
  tool(qemuImg, ['convert', '-f', 'raw', '-O', format, disk, image])
  return {
    image,
    format,
    raw: () => {
      const out = join(folder, 'out.img')
      tool(qemuImg, ['convert', '-f', format, '-O', 'raw', image, out])
      return out
    },
  }
}

function verdict(raw: string): string {
  return tool('sgdisk', ['-v', raw])
}

function checkFileSystem(raw: string): void {
  const part = `${raw}.part`
  tool('dd', [`if=${raw}`, `of=${part}`, 'bs=1M', 'skip=9', 'count=16', 'status=none'])
  tool('e2fsck', ['-fn', part])
}

test.each(['raw', 'qcow2', 'vhdx'])('in %s, its copy moves with the end of the disk', async (format) => {
  const { image, raw } = subject(format)
  for (const size of ['96M', '64M', String(SMALLEST), '256M']) {
    const words = ['resize', '-q', '-f', format, '--shrink', '--move-gpt', image, size]
    if (format === 'vhdx' && size === String(SMALLEST)) words[7] = '26M'
    expect(await spindleHere(...words)).toEqual({ code: 0, out: '', error: '' })
    const disk = raw()
    expect(verdict(disk)).toContain('No problems found')
    expect(tool('sfdisk', ['--verify', disk])).toContain('No errors detected')
    checkFileSystem(disk)
  }
})

test('without being asked to, nothing moves; what that means is said, and sgdisk says it, too', async () => {
  const { image, raw } = subject('qcow2')
  const { code, error } = await spindleHere('resize', image, '96M')
  expect(code).toBe(0)
  expect(error).toContain('belongs at the end of the disk')
  expect(verdict(raw())).toContain("it doesn't reside")
  const moved = await spindleHere('resize', '--move-gpt', image, '128M')
  expect(moved).toMatchObject({ code: 0, error: '' })
  expect(verdict(raw())).toContain('No problems found')
})

test('below what the partitions need it is refused, and nothing is touched', async () => {
  const { image } = subject('qcow2')
  const before = readFileSync(image)
  const { code, error } = await spindleHere('resize', '--shrink', '--move-gpt', image, String(SMALLEST - 512))
  expect(code).toBe(1)
  expect(error).toContain(`(${SMALLEST} bytes)`)
  expect(readFileSync(image).equals(before)).toBe(true)
})

test('a disk without a GPT is not given one', async () => {
  const path = emptyFile(join(scratchFolder(), 'disk.img'), 8 * MiB)
  const { code, error } = await spindleHere('resize', '-f', 'raw', '--move-gpt', path, '16M')
  expect(code).toBe(1)
  expect(error).toContain('has no GPT that could be moved')
})

test('it can be taken back, table and all', async () => {
  const { image, raw } = subject('qcow2')
  const before = readFileSync(raw())
  await spindleHere('resize', '-q', '--shrink', '--move-gpt', '--keep-undo', image, '32M')
  expect(verdict(raw())).toContain('No problems found')
  expect((await spindleHere('undo', image)).code).toBe(0)
  expect(readFileSync(raw()).equals(before)).toBe(true)
})

test('a first copy that is damaged is written anew from the last', async () => {
  const disk = dividedDisk(join(scratchFolder(), 'disk.img'), 64 * MiB, LINES)
  placeBytes(disk, 512, new Uint8Array(33 * 512))
  expect((await spindleHere('resize', '-q', '-f', 'raw', '--move-gpt', disk, '96M')).code).toBe(0)
  expect(verdict(disk)).toContain('No problems found')
})

test('sectors of 4096 bytes are counted as such', async () => {
  const path = emptyFile(join(scratchFolder(), 'disk.img'), 64 * MiB)
  const { head, tail } = gptBytes({ diskSize: 64 * MiB, sectorSize: 4096, partitions: [[256, 4351]] })
  placeBytes(path, 0, head)
  placeBytes(path, 64 * MiB - tail.length, tail)
  expect((await spindleHere('resize', '-q', '-f', 'raw', '--move-gpt', path, '96M')).code).toBe(0)
  const moved = gptBytes({ diskSize: 96 * MiB, sectorSize: 4096, partitions: [[256, 4351]] })
  const now = readFileSync(path)
  expect(now.subarray(0, moved.head.length).equals(moved.head)).toBe(true)
  expect(now.subarray(-moved.tail.length).equals(moved.tail)).toBe(true)
  expect(now.subarray(64 * MiB - tail.length, 64 * MiB).every((byte) => byte === 0)).toBe(true)
})

test('what a smaller disk would cut is told beforehand, partitions by their numbers', async () => {
  const { image } = subject('qcow2')
  const job = { kind: 'resize', path: image, shrink: true, preallocation: 'off' } as const
  const { planResize } = openOperations()
  const fits = await planResize({ ...job, virtualSize: SMALLEST, moveGpt: true })
  expect(fits).toMatchObject({ smallestSize: SMALLEST, lostBytes: 0, cutPartitions: [], hasGpt: true })
  expect(fits.command).toContain('--move-gpt')
  // The copy of the table lies beyond the new end, and would be lost.
  expect((await planResize({ ...job, virtualSize: SMALLEST })).lostBytes).toBeGreaterThan(0)
  expect((await planResize({ ...job, virtualSize: 12 * MiB, moveGpt: true })).cutPartitions).toEqual([2])
})

test('a disk cut short elsewhere gets its table back in shape', async () => {
  const disk = dividedDisk(join(scratchFolder(), 'disk.img'), 64 * MiB, LINES)
  truncateSync(disk, 40 * MiB)
  expect((await spindleHere('resize', '-q', '-f', 'raw', '--move-gpt', disk, '48M')).code).toBe(0)
  expect(verdict(disk)).toContain('No problems found')
})
