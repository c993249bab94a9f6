// `spindle backup`: dated copies that are whole, and old ones that go only when they may.

import { existsSync, readFileSync, readdirSync, rmSync, utimesSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { KiB, MiB } from '../../../core/model/units.ts'
import { newestOracle } from '../../helpers/oracles.ts'
import { fingerprint } from '../../helpers/run-operation.ts'
import { scratchFolder } from '../../helpers/scratch.ts'
import { runProgram, spindleHere } from '../../helpers/spindle.ts'

const LIST = '.spindle-backups'
const DAY = 86_400_000

function disk(folder: string): string {
  const path = join(folder, 'web.img')
  writeFileSync(path, Buffer.alloc(MiB))
  writeFileSync(path, Buffer.alloc(64 * KiB, 'text that packs well'), { flag: 'r+' })
  return path
}

/** Backups that Spindle made so many days ago: their line in the list is all that says so. */
function made(folder: string, source: string, days: readonly number[]): readonly string[] {
  return days.map((count) => {
    const file = `web-${count}.qcow2`
    const modifiedAt = Date.now() - count * DAY
    writeFileSync(join(folder, file), `backup ${count}`)
    utimesSync(join(folder, file), modifiedAt / 1000, modifiedAt / 1000)
    const size = `backup ${count}`.length
    const entry = { file, source, madeAt: modifiedAt, size, modifiedAt: Math.floor(modifiedAt / 1000) * 1000 }
    utimesSync(join(folder, file), entry.modifiedAt / 1000, entry.modifiedAt / 1000)
    writeFileSync(join(folder, LIST), `${JSON.stringify(entry)}\n`, { flag: 'a' })
    return file
  })
}

const backupsIn = (folder: string): readonly string[] =>
  readdirSync(folder)
    .filter((name) => name !== LIST)
    .toSorted()

test('a backup is a packed qcow2 with the date in its name that reads as the disk did', async () => {
  const [folder, place] = [scratchFolder(), scratchFolder()]
  const source = disk(folder)
  const before = fingerprint(source)
  const { code, out, error } = await spindleHere('backup', '-f', 'raw', source, place)
  expect({ code, error }).toEqual({ code: 0, error: '' })
  const [name = '', ...others] = backupsIn(place)
  expect(others).toEqual([])
  expect(name).toMatch(/^web-\d{4}-\d\d-\d\dT\d\d-\d\d-\d\dZ\.qcow2$/)
  expect(out).toMatch(/web\.img is backed up in .*, verified\.\n$/)
  const { qemuImg } = newestOracle()
  expect(runProgram([qemuImg, 'compare', '-f', 'raw', '-F', 'qcow2', source, join(place, name)]).code).toBe(0)
  expect(runProgram([qemuImg, 'map', '--output=json', join(place, name)]).out).toContain('"compressed": true')
  expect(fingerprint(source)).toBe(before)
})

test('--keep deletes what is older, --keep-last all but the newest, and together each keeps what it keeps', async () => {
  for (const [words, kept] of [
    [
      ['--keep', '7d'],
      ['web-1.qcow2', 'web-3.qcow2'],
    ],
    [['--keep-last', '2'], ['web-1.qcow2']],
    [
      ['--keep', '12h', '--keep-last', '4'],
      ['web-1.qcow2', 'web-10.qcow2', 'web-3.qcow2'],
    ],
    [[], ['web-1.qcow2', 'web-10.qcow2', 'web-3.qcow2', 'web-30.qcow2']],
  ] as const) {
    const [folder, place] = [scratchFolder(), scratchFolder()]
    const source = disk(folder)
    const earlier = made(place, source, [1, 3, 10, 30])
    const { code } = await spindleHere('backup', '-q', '-f', 'raw', ...words, source, place)
    expect(code).toBe(0)
    expect(backupsIn(place).filter((name) => earlier.includes(name))).toEqual(kept)
    expect(backupsIn(place)).toHaveLength(kept.length + 1)
  }
})

test('a backup that cannot be made deletes none of those there are', async () => {
  const [folder, place] = [scratchFolder(), scratchFolder()]
  const source = disk(folder)
  const earlier = made(place, source, [100, 200])
  rmSync(source)
  const { code, error } = await spindleHere('backup', '-f', 'raw', '--keep', '7d', source, place)
  expect(code).toBe(1)
  expect(error).toMatch(/^spindle: Could not open '.*web\.img': /)
  expect(backupsIn(place)).toEqual(earlier.toSorted())
})

test('only backups of the same disk that Spindle made, and nobody changed, are ever deleted', async () => {
  const [folder, place] = [scratchFolder(), scratchFolder()]
  const source = disk(folder)
  const [, changed = ''] = made(place, source, [100, 200])
  made(place, '/elsewhere/web.img', [300])
  writeFileSync(join(place, 'web-2020-01-01T00-00-00Z.qcow2'), 'not in the list')
  writeFileSync(join(place, changed), 'something else by now')
  const { code, out } = await spindleHere('backup', '-f', 'raw', '--keep', '1d', source, place)
  expect(code).toBe(0)
  expect(out).toContain('Deleted: ')
  expect(existsSync(join(place, 'web-100.qcow2'))).toBe(false)
  for (const name of [changed, 'web-300.qcow2', 'web-2020-01-01T00-00-00Z.qcow2']) {
    expect(existsSync(join(place, name))).toBe(true)
  }
})

test('the newest stays, however short a time was named', async () => {
  const [folder, place] = [scratchFolder(), scratchFolder()]
  const source = disk(folder)
  expect(await spindleHere('backup', '-q', '-f', 'raw', '--keep', '0h', source, place)).toMatchObject({ code: 0 })
  expect(backupsIn(place)).toHaveLength(1)
})

test('a damaged list deletes nothing and says so', async () => {
  const [folder, place] = [scratchFolder(), scratchFolder()]
  const source = disk(folder)
  const earlier = made(place, source, [100])
  writeFileSync(join(place, LIST), '{"file":"../web.img"', { flag: 'a' })
  const { code, error } = await spindleHere('backup', '-f', 'raw', '--keep', '1d', source, place)
  expect(code).toBe(1)
  expect(error).toContain('none of them was deleted')
  expect(backupsIn(place)).toEqual(expect.arrayContaining([...earlier]))
  expect(readFileSync(source)).toHaveLength(MiB)
})
