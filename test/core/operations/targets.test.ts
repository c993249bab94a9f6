// Places that do not take everything: files of a certain length only, nothing at all, another file system. What was to be made
// is not there, nothing half made is, the source is as it was, and one sentence says why.

import { mkdirSync, mkdtempSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, onTestFinished, test } from 'vitest'
import { fingerprint } from '../../helpers/run-operation.ts'
import { scratchFolder } from '../../helpers/scratch.ts'
import { randomFrom } from '../../helpers/seeds.ts'
import { spindle } from '../../helpers/spindle.ts'

const SIZE = 3 << 20
/** As FAT has it at 4 GiB. */
const LONGEST_FILE = ['prlimit', `--fsize=${1 << 20}`]

function newSource(): { readonly folder: string; readonly source: string } {
  const folder = scratchFolder()
  const source = join(folder, 'source.img')
  writeFileSync(source, randomFrom(1).bytes(SIZE))
  return { folder, source }
}

describe('where no file may be longer than so much', () => {
  test.each(['raw', 'qcow2', 'vhdx'])('a copy in %s that is longer', (format) => {
    const { folder, source } = newSource()
    const before = fingerprint(source)
    const words = ['convert', '-O', format, source, join(folder, 'target')]
    const { code, error } = spindle(words, { through: LONGEST_FILE })
    expect(code).toBe(1)
    expect(error).toMatch(/cannot hold a file this large\. Choose another folder\.\n$/)
    expect(readdirSync(folder)).toEqual(['source.img'])
    expect(fingerprint(source)).toBe(before)
  })

  test('an image that would grow longer is as it was', () => {
    const { folder } = newSource()
    const path = join(folder, 'disk.img')
    writeFileSync(path, Buffer.alloc(512 * 1024, 7))
    const before = readFileSync(path)
    const { code, error } = spindle(['resize', '-f', 'raw', path, '2M'], { through: LONGEST_FILE })
    expect(code).toBe(1)
    expect(error).toMatch(/cannot hold a file this large/)
    expect(Buffer.compare(readFileSync(path), before)).toBe(0)
    expect(readdirSync(folder).toSorted()).toEqual(['disk.img', 'source.img'])
  })
})

test('a folder that may not be written in is told of before anything is read', () => {
  const { folder, source } = newSource()
  const closed = join(folder, 'closed')
  mkdirSync(closed, { mode: 0o555 })
  const rights = '-dac_override,-dac_read_search'
  const asRoot = ['setpriv', `--bounding-set=${rights}`, `--inh-caps=${rights}`]
  const through = process.getuid?.() === 0 ? asRoot : []
  const words = ['convert', '-O', 'qcow2', source, join(closed, 'target')]
  const { code, error } = spindle(words, { through })
  expect(code).toBe(1)
  expect(error).toMatch(/no permission to create files in/)
  expect(readdirSync(closed)).toEqual([])
})

test('another file system takes a copy, and its name only when it is whole', () => {
  const { source } = newSource()
  const elsewhere = mkdtempSync('/dev/shm/spindle-')
  onTestFinished(() => rmSync(elsewhere, { recursive: true }))
  const target = join(elsewhere, 'target.img')
  expect(spindle(['convert', '-O', 'raw', source, target])).toEqual({ code: 0, out: '', error: '' })
  expect(readdirSync(elsewhere)).toEqual(['target.img'])
  expect(Buffer.compare(readFileSync(target), readFileSync(source))).toBe(0)
})
