// convert -B and -n: an overlay that holds only what differs, and a disk written into an image that is there.

import { execFileSync } from 'node:child_process'
import { existsSync, readFileSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { newestOracle } from '../../helpers/oracles.ts'
import { SAMPLE_SIZE, sampleDisk } from '../../helpers/sample-disk.ts'
import { scratchFolder } from '../../helpers/scratch.ts'
import { runProgram, spindle } from '../../helpers/spindle.ts'

const { qemuImg, qemuIo } = newestOracle()

/** A base, and an overlay on it with a little more. */
function overlay() {
  const folder = scratchFolder()
  sampleDisk(join(folder, 'base.img'))
  const qemu = (...words: string[]): string => execFileSync(qemuImg, words, { cwd: folder, encoding: 'utf8' })
  qemu('create', '-q', '-f', 'qcow2', '-b', 'base.img', '-F', 'raw', 'top.qcow2')
  const writes = ['write -P 9 5M 300k', 'write -z 64k 64k', 'write -P 8 23M 512']
  execFileSync(qemuIo, [...writes.flatMap((one) => ['-c', one]), 'top.qcow2'], { cwd: folder })
  return { folder, qemu, run: (...words: string[]) => spindle(['convert', ...words], { cwd: folder }) }
}

describe('on top of another', () => {
  test('the new image holds only what differs, and reads as the source', () => {
    const { folder, qemu, run } = overlay()
    qemu('convert', '-O', 'qcow2', 'base.img', 'copy-of-base.qcow2')
    const words = ['-O', 'qcow2', '-B', 'copy-of-base.qcow2', '-F', 'qcow2', 'top.qcow2', 'new.qcow2']
    expect(run(...words)).toEqual({ code: 0, out: '', error: '' })
    expect(qemu('compare', 'top.qcow2', 'new.qcow2')).toContain('identical')
    expect(qemu('check', 'new.qcow2')).toContain('No errors')
    expect(statSync(join(folder, 'new.qcow2')).size).toBeLessThan(2 << 20)
    expect(JSON.parse(qemu('info', '--output=json', 'new.qcow2'))).toMatchObject({
      'backing-filename': 'copy-of-base.qcow2',
      'backing-filename-format': 'qcow2',
    })
  })

  test('also when what it lies on is another disk altogether', () => {
    const { folder, qemu, run } = overlay()
    writeFileSync(join(folder, 'other.img'), Buffer.alloc(SAMPLE_SIZE + (1 << 20), 3))
    expect(run('-O', 'qcow2', '-o', 'backing_file=other.img,backing_fmt=raw', 'top.qcow2', 'new.qcow2').code).toBe(0)
    expect(qemu('compare', 'top.qcow2', 'new.qcow2')).toContain('identical')
  })

  test.each([
    ['no format of the backing file', ['-O', 'qcow2', '-B', 'base.img']],
    ['a format without backing files', ['-O', 'raw', '-B', 'base.img', '-F', 'raw']],
    ['a backing file that is not there', ['-O', 'qcow2', '-B', 'none.img', '-F', 'raw']],
    ['compression', ['-c', '-O', 'qcow2', '-B', 'base.img', '-F', 'raw']],
  ])('%s is refused, and nothing is made', (_, words) => {
    const { folder, run } = overlay()
    const { code, error } = run(...words, 'top.qcow2', 'new.qcow2')
    expect([code, error]).toEqual([1, expect.stringMatching(/^spindle: [^\n]+/)])
    expect(existsSync(join(folder, 'new.qcow2'))).toBe(false)
  })
})

describe('into an image that is there', () => {
  test.each(['raw', 'qcow2', 'vdi', 'vhdx'])(
    'the disk is that of the source; the image stays what it is (%s)',
    (format) => {
      const { folder, qemu, run } = overlay()
      qemu('create', '-q', '-f', format, 'there', '32M')
      const before = statSync(join(folder, 'there')).ino
      const io = ['-f', format, '-c', 'write -P 7 0 1M', '-c', 'write -P 6 30M 1M', 'there']
      execFileSync(qemuIo, io, { cwd: folder })
      qemu('convert', '-f', format, '-O', 'raw', 'there', 'was')
      expect(run('-n', '-O', format, 'top.qcow2', 'there')).toEqual({ code: 0, out: '', error: '' })
      expect(statSync(join(folder, 'there')).ino).toBe(before)
      qemu('convert', '-f', format, '-O', 'raw', 'there', 'is')
      qemu('convert', '-O', 'raw', 'top.qcow2', 'wanted')
      const [was, is, wanted] = ['was', 'is', 'wanted'].map((name) => readFileSync(join(folder, name)))
      expect(is?.subarray(0, SAMPLE_SIZE).equals(wanted ?? Buffer.of())).toBe(true)
      expect(is?.subarray(SAMPLE_SIZE).equals(was?.subarray(SAMPLE_SIZE) ?? Buffer.of())).toBe(true)
      expect(existsSync(join(folder, 'there.spindle-undo'))).toBe(false)
    },
  )

  test('one that is known to be zeros need not be read', () => {
    const { qemu, run } = overlay()
    qemu('create', '-q', '-f', 'qcow2', 'there', String(SAMPLE_SIZE))
    expect(run('-n', '--target-is-zero', '-O', 'qcow2', 'top.qcow2', 'there').code).toBe(0)
    expect(qemu('compare', 'top.qcow2', 'there')).toContain('identical')
  })

  test.each([
    ['one that is too small', ['-n', '-O', 'raw', 'top.qcow2', 'small'], 1],
    ['one that is not there', ['-n', '-O', 'raw', 'top.qcow2', 'none'], 1],
    ['with options of its own', ['-n', '-O', 'qcow2', '-o', 'cluster_size=4k', 'top.qcow2', 'small'], 1],
    ['--target-is-zero alone', ['--target-is-zero', '-O', 'raw', 'top.qcow2', 'new'], 1],
  ] as const)('%s is refused as qemu-img refuses it', (_, words, code) => {
    const { folder, run } = overlay()
    writeFileSync(join(folder, 'small'), Buffer.alloc(1 << 20, 5))
    expect(run(...words).code).toBe(code)
    expect(runProgram([qemuImg, 'convert', ...words], folder).code).toBe(code)
    expect(readFileSync(join(folder, 'small')).equals(Buffer.alloc(1 << 20, 5))).toBe(true)
    expect(existsSync(join(folder, 'none'))).toBe(false)
  })
})
