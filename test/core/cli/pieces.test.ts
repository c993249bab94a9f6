// Pieces of disks, disks joined, several images at once, and the name the program is called by: beside qemu-img.

import { readFileSync, statSync, symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { newestOracle } from '../../helpers/oracles.ts'
import { sampleDisk } from '../../helpers/sample-disk.ts'
import { scratchFolder } from '../../helpers/scratch.ts'
import { SPINDLE, runProgram, spindle, spindleHere } from '../../helpers/spindle.ts'

const { qemuImg } = newestOracle()
const comparable = (text: string): string => text.replace(/[\d.]+ seconds/, 'some seconds')

describe('dd', () => {
  test.each([
    ['bs=1M', 'count=5', 'skip=2'],
    ['bs=3M'],
    ['count=7', 'skip=1'],
    ['bs=1000', 'skip=3', 'count=10'],
    ['bs=1M', 'count=100'],
    ['skip=99999'],
    ['count=0'],
  ])('%s %s %s', (...words) => {
    const folder = scratchFolder()
    sampleDisk(join(folder, 'disk.img'))
    const theirs = runProgram([qemuImg, 'dd', '-f', 'raw', ...words, 'if=disk.img', 'of=theirs'], folder)
    const ours = spindle(['dd', '-f', 'raw', ...words, 'if=disk.img', 'of=ours'], { cwd: folder })
    expect(ours).toEqual({ ...theirs, error: theirs.error.replace(/^qemu-img:/, 'spindle:') })
    expect(readFileSync(join(folder, 'ours')).equals(readFileSync(join(folder, 'theirs')))).toBe(true)
  })

  test.each([[[]], [['if=a']], [['of=a']], [['if=disk.img', 'of=a', 'conv=sync']], [['if=disk.img', 'of=a', 'bs=0']]])(
    '%j is refused',
    (words) => {
      const folder = scratchFolder()
      writeFileSync(join(folder, 'disk.img'), 'disk')
      const theirs = runProgram([qemuImg, 'dd', ...words], folder)
      const ours = spindle(['dd', ...words], { cwd: folder })
      expect(ours.code).toBe(theirs.code)
      expect(ours.code).toBe(1)
      expect(ours.error).toMatch(/^spindle: [^\n]+/)
    },
  )

  test('writes a piece of an image of one format as another', async () => {
    const folder = scratchFolder()
    const content = sampleDisk(join(folder, 'disk.img'))
    const at = (name: string): string => join(folder, name)
    runProgram([qemuImg, 'convert', '-O', 'qcow2', at('disk.img'), at('disk.qcow2')])
    const words = ['-O', 'qcow2', 'bs=1M', 'skip=3', 'count=12', `if=${at('disk.qcow2')}`, `of=${at('piece.qcow2')}`]
    expect(await spindleHere('dd', ...words)).toMatchObject({ code: 0 })
    writeFileSync(at('piece.img'), content.subarray(3 << 20, 12 << 20))
    const { out } = runProgram([qemuImg, 'compare', at('piece.img'), at('piece.qcow2')])
    expect(out).toContain('identical')
  })
})

describe('several sources', () => {
  test('are joined as qemu-img joins them, whatever their sizes', () => {
    const folder = scratchFolder()
    sampleDisk(join(folder, 'a.img'))
    writeFileSync(join(folder, 'b.img'), 'not even a sector')
    runProgram([qemuImg, 'convert', '-O', 'qcow2', 'a.img', 'c.qcow2'], folder)
    const sources = ['b.img', 'c.qcow2', 'a.img', 'b.img']
    for (const name of ['theirs', 'ours']) {
      const words = ['convert', '-O', 'raw', ...sources, name]
      const { code } = name === 'ours' ? spindle(words, { cwd: folder }) : runProgram([qemuImg, ...words], folder)
      expect(code).toBe(0)
    }
    expect(readFileSync(join(folder, 'ours')).equals(readFileSync(join(folder, 'theirs')))).toBe(true)
  })

  test('none of which may be the target', () => {
    const folder = scratchFolder()
    for (const name of ['a.img', 'b.img']) writeFileSync(join(folder, name), Buffer.alloc(1024, name))
    const { code, error } = spindle(['convert', '--force', 'a.img', 'b.img', 'b.img'], { cwd: folder })
    expect([code, error]).toEqual([1, expect.stringContaining('cannot be the target')])
    expect(readFileSync(join(folder, 'b.img')).equals(Buffer.alloc(1024, 'b.img'))).toBe(true)
  })
})

describe('convert -S', () => {
  test.each(['0', '4k', '512', '3k', '1', '100', '17M', 'x', '-1'])('%s', (size) => {
    const folder = scratchFolder()
    sampleDisk(join(folder, 'disk.img'))
    const words = ['convert', '-S', size, '-f', 'raw', '-O', 'raw', 'disk.img']
    const ours = spindle([...words, 'ours'], { cwd: folder })
    const theirs = runProgram([qemuImg, ...words, 'theirs'], folder)
    expect(ours.code).toBe(theirs.code)
    const room = (name: string): number => statSync(join(folder, name), { throwIfNoEntry: false })?.blocks ?? -1
    // What was left out of one and not of the other is less than a block a piece.
    expect(Math.abs(room('ours') - room('theirs'))).toBeLessThan(2 * 1024)
  })
})

describe('info of several images', () => {
  test('tells of each, also when one of them cannot be opened', () => {
    const folder = scratchFolder()
    for (const name of ['a.qcow2', 'b.qcow2']) runProgram([qemuImg, 'create', '-q', '-f', 'qcow2', name, '1M'], folder)
    const { code, out, error } = spindle(['info', '--output=json', 'a.qcow2', 'none.qcow2', 'b.qcow2'], { cwd: folder })
    const names = (JSON.parse(out) as { filename: string }[]).map(({ filename }) => filename)
    expect([code, names]).toEqual([1, ['a.qcow2', 'b.qcow2']])
    expect(error).toContain('none.qcow2')
    const human = spindle(['info', 'a.qcow2', 'b.qcow2'], { cwd: folder })
    const single = ['a.qcow2', 'b.qcow2'].map((name) => runProgram([qemuImg, 'info', name], folder).out)
    expect(human).toEqual({ code: 0, out: single.join('\n'), error: '' })
  })
})

describe('bench', () => {
  test('does what it says', () => {
    const folder = scratchFolder()
    writeFileSync(join(folder, 'disk.img'), new Uint8Array(1 << 20))
    const words = ['bench', '-f', 'raw', '-c', '300', '-d', '4', '-s', '8k', '-w', '--pattern', '7', 'disk.img']
    const ours = spindle(words, { cwd: folder })
    expect(ours.error).toBe('')
    expect(readFileSync(join(folder, 'disk.img')).every((byte) => byte === 7)).toBe(true)
    const theirs = runProgram([qemuImg, ...words], folder)
    expect(comparable(ours.out)).toBe(comparable(theirs.out))
  })

  test.each([
    ['-d', '0'],
    ['--flush-interval', '5'],
    ['-w', '--flush-interval', '5'],
    ['-c', 'many'],
  ])('%s %s %s is refused, and nothing is written', (...words) => {
    const folder = scratchFolder()
    writeFileSync(join(folder, 'disk.img'), new Uint8Array(1 << 20))
    const ours = spindle(['bench', '-f', 'raw', ...words, 'disk.img'], { cwd: folder })
    expect([ours.code, runProgram([qemuImg, 'bench', '-f', 'raw', ...words, 'disk.img'], folder).code]).toEqual([1, 1])
  })
})

describe('called as qemu-img', () => {
  test('it says that name in front of messages and replaces files as that does', () => {
    const folder = scratchFolder()
    symlinkSync(SPINDLE, join(folder, 'qemu-img'))
    const run = (...words: string[]) => runProgram([process.execPath, join(folder, 'qemu-img'), ...words], folder)
    expect(run('create', '-q', 'disk.img', '1M')).toMatchObject({ code: 0, error: '' })
    expect(run('create', '-q', 'disk.img', '2M')).toMatchObject({ code: 0, error: '' })
    expect(readFileSync(join(folder, 'disk.img'))).toHaveLength(2 << 20)
    expect(run('info', 'none.img').error).toMatch(/^qemu-img: /)
    const own = spindle(['create', '-q', 'disk.img', '3M'], { cwd: folder })
    expect([own.code, own.error]).toEqual([1, expect.stringMatching(/^spindle: .*--force/)])
  })
})
