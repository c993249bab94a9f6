// What `spindle check` prints, and how it ends, beside qemu-img 10; and `spindle undo`.

import { spawnSync } from 'node:child_process'
import { copyFileSync, existsSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { openFile } from '../../../core/storage/file.ts'
import { UndoStorage } from '../../../core/storage/undo-storage.ts'
import { newestOracle } from '../../helpers/oracles.ts'
import { Qemu } from '../../helpers/qemu.ts'
import { scratchFolder, sharedFolder } from '../../helpers/scratch.ts'
import { spindle, spindleHere } from '../../helpers/spindle.ts'
import type { Outcome } from '../../helpers/spindle.ts'
import { CLUSTER, DAMAGES, KIND_NAMES, RealImages } from '../qcow2-damages.ts'

const oracle = newestOracle()
const folder = sharedFolder()
const images = new RealImages(new Qemu(oracle, folder))
const at = (name: string): string => join(folder, name)

function qemuImg(...words: readonly string[]): Outcome {
  const { status, stdout, stderr } = spawnSync(oracle.qemuImg, words, { cwd: folder, encoding: 'utf8' })
  return { code: status, out: stdout, error: stderr }
}

/** Writes the image of a damage, or a sound one, as `name`. */
function put(name: string, damage: string): string {
  const found = DAMAGES.find((one) => one.name === damage)
  const image = images.get(found?.kind ?? 'plain')
  found?.damage(image)
  writeFileSync(at(name), image.bytes)
  return at(name)
}

describe('as qemu-img has it', () => {
  // That each damage is counted alike is seen where qcow2 is tested; here it is about words.
  const found = DAMAGES.filter(({ unlike }) => unlike === undefined).filter((_, index) => index % 4 === 0)
  test.each(['nothing', ...found.map(({ name }) => name)])('the sums and the exit code of %s', async (damage) => {
    const path = put('disk.qcow2', damage)
    for (const output of ['human', 'json']) {
      const ours = await spindleHere('check', '--output', output, path)
      const theirs = qemuImg('check', '--output', output, path)
      expect([ours.out, ours.code]).toEqual([theirs.out, theirs.code])
    }
  })

  test.each(KIND_NAMES)('the sums of a sound image with %s', async (kind) => {
    writeFileSync(at('disk.qcow2'), images.get(kind).bytes)
    const ours = await spindleHere('check', at('disk.qcow2'))
    expect(ours).toEqual(qemuImg('check', at('disk.qcow2')))
  })

  test.each([
    ['leaks', 'a cluster no one uses'],
    ['leaks', 'leaks side by side'],
    ['all', 'leaks side by side'],
    ['all', 'nothing'],
    ['all', 'an L1 flag that is missing'],
    ['all', 'reserved bits in an L1 entry'],
  ])('-r %s on %s', async (mode, damage) => {
    for (const output of ['human', 'json']) {
      const ours = await spindleHere('check', '-r', mode, '--output', output, put('disk.qcow2', damage))
      const theirs = qemuImg('check', '-r', mode, '--output', output, put('disk.qcow2', damage))
      expect([ours.out, ours.code]).toEqual([theirs.out, theirs.code])
    }
  })

  test.each([
    ['a raw disk', ['-f', 'raw', 'disk.qcow2']],
    ['no file', []],
    ['two files', ['disk.qcow2', 'disk.qcow2']],
    ['a file that is not there', ['missing.qcow2']],
    ['an unknown repair', ['-r', 'some', 'disk.qcow2']],
    ['a repair of what others have open', ['-r', 'all', '-U', 'disk.qcow2']],
    ['an unknown output', ['--output', 'xml', 'disk.qcow2']],
    ['an unknown format', ['-f', 'cow2', 'disk.qcow2']],
    ['a header that makes no sense', ['-f', 'qcow2', 'raw.img']],
  ])('the exit code for %s', async (_name, words) => {
    put('disk.qcow2', 'nothing')
    writeFileSync(at('raw.img'), new Uint8Array(CLUSTER))
    const ours = await spindleHere('check', ...words.map((word) => (/\.(qcow2|img)$/.test(word) ? at(word) : word)))
    expect(ours.code).toBe(qemuImg('check', ...words).code)
    expect(ours.out).toBe('')
    expect(ours.error).toMatch(/^spindle: .+\n/)
  })

  test('images with backing and data files that are not there are checked all the same', async () => {
    qemuImg('create', '-q', '-f', 'qcow2', '-u', '-F', 'raw', '-b', 'gone.img', 'over.qcow2', '8M')
    writeFileSync(at('alone.qcow2'), images.get('a data file').bytes)
    const cwd = scratchFolder()
    for (const name of ['over.qcow2', 'alone.qcow2']) {
      copyFileSync(at(name), join(cwd, name))
      expect(await spindleHere('check', join(cwd, name)), name).toMatchObject({ code: 0, error: '' })
    }
  })
})

test('every finding is one line on standard error', async () => {
  const path = put('disk.qcow2', 'data where a refcount block is')
  const { error } = await spindleHere('check', path)
  const lines = error.trimEnd().split('\n')
  expect(lines).toHaveLength(3)
  for (const line of lines) expect(line).toMatch(/^(ERROR|Leak|Note): [A-Z0-9].*\.$/)
})

test('quietly only errors are told', async () => {
  const path = put('disk.qcow2', 'a count too high')
  expect(await spindleHere('check', '-q', path)).toEqual({ code: 3, out: '', error: '' })
  const worse = await spindleHere('check', '-q', put('disk.qcow2', 'all counts zero'))
  expect(worse.out).toBe('')
  expect(worse.error).toMatch(/^ERROR: /)
})

test('names out of an image cannot steer a terminal', async () => {
  const image = images.get('a bitmap')
  const at0 = Buffer.from(image.bytes).lastIndexOf('bm0')
  image.bytes.set([0x1b, 0x5b, 0x41], at0)
  image.bytes[at0 - 24 + 15] = 3
  writeFileSync(at('disk.qcow2'), image.bytes)
  const { error } = await spindleHere('check', at('disk.qcow2'))
  expect(error).not.toMatch(/[^\n\P{Cc}]/u)
})

test('progress goes up to the end', async () => {
  const { out } = await spindleHere('check', '-p', put('disk.qcow2', 'nothing'))
  expect(out).toMatch(/\(100\.00\/100%\)\r\nNo errors/)
})

test('a check could not be finished, and says so', async () => {
  const { code, error } = await spindleHere('check', put('disk.qcow2', 'an L1 table of no entries'))
  expect(code).toBe(1)
  expect(error).toMatch(/spindle: Check failed\n$/)
})

describe('taking back', () => {
  test('a repair that was asked to keep its undo file', async () => {
    const path = put('disk.qcow2', 'all counts zero')
    const before = readFileSync(path)
    const repaired = await spindleHere('check', '-r', 'all', '--keep-undo', path)
    expect(repaired.code).toBe(0)
    expect(repaired.out).toContain(`spindle undo ${path}`)
    expect(existsSync(`${path}.spindle-undo`)).toBe(true)
    const undone = await spindleHere('undo', path)
    expect(undone).toEqual({ code: 0, out: `${path} is as it was before the last change.\n`, error: '' })
    expect(Buffer.compare(readFileSync(path), before)).toBe(0)
    expect(await spindleHere('undo', path)).toMatchObject({ code: 1, out: '' })
  })

  test('a repair keeps none unasked', async () => {
    const path = put('disk.qcow2', 'all counts zero')
    await spindleHere('check', '-r', 'all', path)
    expect(existsSync(`${path}.spindle-undo`)).toBe(false)
    expect(await spindleHere('check', '--keep-undo', path)).toMatchObject({ code: 1 })
  })

  test('a change that was cut off, which every command names', async () => {
    const cwd = scratchFolder()
    const path = join(cwd, 'disk.qcow2')
    writeFileSync(path, images.get('plain').bytes)
    {
      await using log = await openFile(`${path}.spindle-undo`, 'create')
      await using image = await openFile(path, 'write')
      const change = await UndoStorage.over(image, log)
      await change.write(0, new Uint8Array(4096))
    }
    for (const words of [['info'], ['map'], ['check'], ['check', '-r', 'all'], ['convert', '-O', 'raw']]) {
      const target = words[0] === 'convert' ? ['out.img'] : []
      const { code, error, out } = spindle([...words, 'disk.qcow2', ...target], { cwd })
      expect([words, code, out]).toEqual([words, 1, ''])
      expect(error).toContain(`“spindle undo ${path}”`)
    }
    expect(spindle(['undo', 'disk.qcow2'], { cwd })).toEqual({
      code: 0,
      out: 'disk.qcow2 is as it was before a change that was cut off.\n',
      error: '',
    })
    expect(spindle(['check', 'disk.qcow2'], { cwd }).code).toBe(0)
  })
})
