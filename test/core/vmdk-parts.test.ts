// A disk in several files is one volume: whichever of them is named, in lists, and when its descriptor is lost.

import { copyFileSync, existsSync, mkdirSync, readFileSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import { drivers } from '../../core/formats/index.ts'
import { createLibrary } from '../../core/library/library.ts'
import { KiB, MiB } from '../../core/model/units.ts'
import { openImage, spindleContent } from '../interop/history.ts'
import { firstDifference } from '../helpers/disk-model.ts'
import { Listener } from '../helpers/listener.ts'
import { newestOracle } from '../helpers/oracles.ts'
import { Qemu } from '../helpers/qemu.ts'
import { scratchFolder } from '../helpers/scratch.ts'
import { spindleHere } from '../helpers/spindle.ts'

const FORMS = [
  ['monolithicFlat', 'disk-flat.vmdk'],
  ['twoGbMaxExtentFlat', 'disk-f001.vmdk'],
  ['twoGbMaxExtentSparse', 'disk-s001.vmdk'],
] as const

async function made(subformat: string): Promise<string> {
  const folder = scratchFolder()
  const path = join(folder, 'disk.vmdk')
  await spindleHere('create', '-q', '-f', 'vmdk', '-o', `subformat=${subformat}`, path, '5M')
  await using disk = await openImage(path, 'vmdk', 'write')
  await disk.write(MiB, new Uint8Array(100 * KiB).fill(3))
  return folder
}

test.for(FORMS)('%s: a part leads to the whole disk', async ([subformat, part]) => {
  const folder = await made(subformat)
  const content = await spindleContent(join(folder, 'disk.vmdk'), 'vmdk')
  const whole = await spindleHere('info', '--output=json', join(folder, 'disk.vmdk'))
  const byPart = await spindleHere('info', '--output=json', join(folder, part))
  expect(facts(byPart.out)['format']).toBe('vmdk')
  expect(facts(byPart.out)['virtual-size']).toBe(5 * MiB)
  expect(facts(byPart.out)['actual-size']).toBe(facts(whole.out)['actual-size'])
  const copy = join(folder, 'copy.raw')
  expect(await spindleHere('convert', '-O', 'raw', join(folder, part), copy)).toMatchObject({ code: 0 })
  expect(readFileSync(copy).equals(content)).toBe(true)
  expect(await spindleHere('check', join(folder, part))).toMatchObject({ code: 0 })
  expect(await spindleHere('resize', '-q', join(folder, part), '6M')).toMatchObject({ code: 0 })
  expect((await spindleContent(join(folder, 'disk.vmdk'), 'vmdk')).length).toBe(6 * MiB)
})

test('the data of a flat disk is still a raw disk to whoever says so', async () => {
  const folder = await made('monolithicFlat')
  const found = await spindleHere('info', '-f', 'raw', '--output=json', join(folder, 'disk-flat.vmdk'))
  expect(JSON.parse(found.out)).toMatchObject({ format: 'raw', 'virtual-size': 5 * MiB })
})

test.for(FORMS)('%s: a lost descriptor is written anew', async ([subformat, part]) => {
  const folder = await made(subformat)
  const content = await spindleContent(join(folder, 'disk.vmdk'), 'vmdk')
  rmSync(join(folder, 'disk.vmdk'))
  const words = ['-f', 'vmdk', join(folder, part)]
  const found = await spindleHere('check', ...words)
  expect(found).toMatchObject({ code: 2 })
  expect(found.error).toContain('disk.vmdk, is not beside it')
  expect(existsSync(join(folder, 'disk.vmdk'))).toBe(false)
  const before = readFileSync(join(folder, part))
  expect(await spindleHere('check', '-r', 'all', ...words)).toMatchObject({ code: 0 })
  expect(readFileSync(join(folder, part)).equals(before)).toBe(true)
  expect(firstDifference(await spindleContent(join(folder, 'disk.vmdk'), 'vmdk'), content)).toBeUndefined()
  expect(firstDifference(new Qemu(newestOracle(), folder, 'vmdk').content('disk.vmdk'), content)).toBeUndefined()
})

test('a part without its descriptor says what it is, and what helps', async () => {
  const folder = await made('twoGbMaxExtentSparse')
  rmSync(join(folder, 'disk.vmdk'))
  const { code, error } = await spindleHere('info', join(folder, 'disk-s001.vmdk'))
  expect(code).toBe(1)
  expect(error).toContain('is one part of a disk')
  expect(error).toContain('check -r all')
})

test('what is not named by the descriptor is a disk of its own', async () => {
  const folder = await made('monolithicFlat')
  await spindleHere('create', '-q', '-f', 'vmdk', join(folder, 'disk-s001.vmdk'), '7M')
  const found = await spindleHere('info', '--output=json', join(folder, 'disk-s001.vmdk'))
  expect(JSON.parse(found.out)).toMatchObject({ 'virtual-size': 7 * MiB })
})

test.for(FORMS)('%s: the library shows one row, with the size of all files', async ([subformat, part]) => {
  const folder = await made(subformat)
  const outside = scratchFolder()
  const listener = new Listener()
  const library = createLibrary({ drivers, emit: listener.emit })
  onTestFinished(() => library.close())
  await library.setPlaces([folder])
  await listener.settled()
  expect(listener.names()).toEqual(['disk.vmdk'])
  const size = statSync(join(folder, part)).size + statSync(join(folder, 'disk.vmdk')).size
  expect(listener.rows.get(join(folder, 'disk.vmdk'))).toMatchObject({ virtualSize: 5 * MiB, fileSize: size })
  expect(listener.rows.get(join(folder, 'disk.vmdk'))?.error).toBeUndefined()

  renameSync(join(folder, 'disk.vmdk'), join(outside, 'disk.vmdk'))
  await listener.until(() => listener.names().join() === part)
  renameSync(join(outside, 'disk.vmdk'), join(folder, 'disk.vmdk'))
  await listener.until(() => listener.names().join() === 'disk.vmdk')
})

test('files that already have the names of parts are left alone', async () => {
  const folder = scratchFolder()
  writeFileSync(join(folder, 'disk-flat.vmdk'), 'mine')
  const words = ['-q', '-f', 'vmdk', '-o', 'subformat=monolithicFlat', join(folder, 'disk.vmdk'), '5M']
  const { code, error } = await spindleHere('create', ...words)
  expect(code).toBe(1)
  expect(error).toContain('disk-flat.vmdk')
  expect(readFileSync(join(folder, 'disk-flat.vmdk'), 'utf8')).toBe('mine')
  expect(existsSync(join(folder, 'disk.vmdk'))).toBe(false)
})

test('a disk in several files is replaced with all of them, where replacing is allowed', async () => {
  const folder = scratchFolder()
  const path = join(folder, 'disk.vmdk')
  const words = ['-O', 'vmdk', '-o', 'subformat=monolithicFlat', '-f', 'raw']
  for (const byte of [1, 2]) {
    writeFileSync(join(folder, 'source.raw'), new Uint8Array(MiB).fill(byte))
    const outcome = await spindleHere('convert', '--force', ...words, join(folder, 'source.raw'), path)
    expect(outcome).toMatchObject({ code: 0, error: '' })
    expect((await spindleContent(path, 'vmdk')).every((one) => one === byte)).toBe(true)
  }
  const itself = await spindleHere('convert', '--force', ...words, join(folder, 'disk-flat.vmdk'), path)
  expect(itself).toMatchObject({ code: 1 })
  expect(itself.error).toContain('disk-flat.vmdk')
  expect((await spindleContent(path, 'vmdk')).every((one) => one === 2)).toBe(true)
})

test('a disk in several files is moved as a whole, and read where it is then', async () => {
  const folder = await made('monolithicFlat')
  const content = await spindleContent(join(folder, 'disk.vmdk'), 'vmdk')
  mkdirSync(join(folder, 'elsewhere'))
  for (const name of ['disk.vmdk', 'disk-flat.vmdk']) copyFileSync(join(folder, name), join(folder, 'elsewhere', name))
  const moved = await spindleContent(join(folder, 'elsewhere/disk.vmdk'), 'vmdk')
  expect(firstDifference(moved, content)).toBeUndefined()
})

function facts(text: string): Record<string, unknown> {
  return JSON.parse(text) as Record<string, unknown>
}
