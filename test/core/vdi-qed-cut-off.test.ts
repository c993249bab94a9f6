// VDI and QED images whose size changes, or that are repaired, cut off after every change of the file: all of it is taken back.

import { copyFileSync } from 'node:fs'
import { join } from 'node:path'
import { beforeEach, expect, test } from 'vitest'
import { FREE } from '../../core/formats/vdi/layout.ts'
import { KiB } from '../../core/model/units.ts'
import { repair } from '../../core/operations/repair.ts'
import { resize } from '../../core/operations/resize.ts'
import type { Parts } from '../../core/operations/parts.ts'
import { openSource, systemParts } from '../../core/operations/parts.ts'
import { undo, undoState } from '../../core/operations/undo.ts'
import { openFile } from '../../core/storage/file.ts'
import { partsDyingAfter } from '../helpers/chain.ts'
import { recorded } from '../helpers/run-operation.ts'
import { scratchFolder } from '../helpers/scratch.ts'
import { randomFrom } from '../helpers/seeds.ts'
import { spindleHere } from '../helpers/spindle.ts'
import { setEntry } from '../helpers/vdi-bytes.ts'

const BLOCK = 4 * KiB

let folder: string

beforeEach(() => {
  folder = scratchFolder()
})

const FORMATS = { vdi: 'cluster_size=4K', qed: 'cluster_size=4K,table_size=2' } as const

/** A disk of 64 blocks, written from its end to its beginning, so that everything has to move when it is cut. */
async function make(path: string, format: keyof typeof FORMATS): Promise<void> {
  const made = await spindleHere('create', '-f', format, '-o', FORMATS[format], path, String(64 * BLOCK))
  expect(made).toMatchObject({ code: 0 })
  const parts = systemParts()
  const driver = parts.drivers.find((one) => one.format === format)
  await using layer = await driver?.open(await openFile(path, 'write'), parts.gate, 'write')
  const random = randomFrom(1)
  for (let block = 63; block >= 0; block -= 3) {
    const room = await layer?.writer?.reserve(block * BLOCK, BLOCK)
    await room?.storage.write(room.offset, random.bytes(BLOCK))
    await room?.link()
  }
  await layer?.writer?.flush()
}

async function content(path: string): Promise<Buffer> {
  await using disk = await openSource(path, undefined, systemParts())
  const bytes = Buffer.alloc(disk.size)
  await disk.read(0, bytes)
  return bytes
}

type Change = (path: string, parts: Parts) => Promise<unknown>

const toSize =
  (size: number): Change =>
  (path, parts) =>
    resize({ kind: 'resize', path, virtualSize: size, preallocation: 'off', shrink: true }, recorded().context, parts)

const repaired: Change = (path, parts) =>
  repair({ kind: 'repair', path, mode: 'all', keepUndo: false }, recorded().context, parts)

const CASES: readonly (readonly [string, keyof typeof FORMATS, Change])[] = [
  ['a VDI that shrinks', 'vdi', toSize(20 * BLOCK + 512)],
  ['a VDI whose map outgrows its place', 'vdi', toSize(300_000 * BLOCK)],
  ['a VDI whose gaps are closed', 'vdi', repaired],
  ['a QED that shrinks', 'qed', toSize(20 * BLOCK + 512)],
  ['a QED that grows', 'qed', toSize(3000 * BLOCK)],
]

test.for(CASES)('%s', async ([, format, change]) => {
  const original = join(folder, `original.${format}`)
  await make(original, format)
  if (change === repaired) {
    await using storage = await openFile(original, 'write')
    await setEntry(storage, 60, FREE)
    await setEntry(storage, 30, FREE)
  }
  const before = await content(original)
  const whole = join(folder, `whole.${format}`)
  copyFileSync(original, whole)
  const counting = partsDyingAfter(Infinity)
  await change(whole, counting)
  expect(await spindleHere('check', whole)).toMatchObject({ code: 0 })
  const after = await content(whole)
  const changes = counting.count()
  const step = Math.max(1, Math.floor(changes / 25))
  for (let count = 0; count < changes; count += step) {
    const cut = join(folder, `cut-${count}.${format}`)
    copyFileSync(original, cut)
    await expect(change(cut, partsDyingAfter(count))).rejects.toThrow(/dead/)
    const state = await undoState(cut)
    if (state && !state.complete) await undo(cut)
    const found = await content(cut)
    // Only giving room back, which comes last, is left to the next change.
    const isDone = found.equals(after) && (await spindleHere('check', cut)).code !== 2
    expect(isDone || found.equals(before), `cut off after change ${count} of ${changes}`).toBe(true)
  }
})
