// `spindle tree`: chains, snapshots, what is missing, and what makes no sense.

import { execFileSync } from 'node:child_process'
import { mkdirSync, symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { newestOracle } from '../../helpers/oracles.ts'
import { scratchFolder } from '../../helpers/scratch.ts'
import { spindle } from '../../helpers/spindle.ts'

const { qemuImg } = newestOracle()

function library() {
  const folder = scratchFolder()
  const qemu = (...words: string[]): string => execFileSync(qemuImg, words, { cwd: folder, encoding: 'utf8' })
  mkdirSync(join(folder, 'sub'))
  qemu('create', '-q', '-f', 'qcow2', 'base.qcow2', '1G')
  for (const name of ['first', 'second']) qemu('snapshot', '-c', name, 'base.qcow2')
  qemu('create', '-q', '-f', 'qcow2', '-b', 'base.qcow2', '-F', 'qcow2', 'middle.qcow2')
  qemu('create', '-q', '-f', 'qcow2', '-b', '../middle.qcow2', '-F', 'qcow2', 'sub/top.qcow2')
  return { folder, qemu, tree: (...words: string[]) => spindle(['tree', ...words], { cwd: folder }) }
}

/** Without sizes and dates. */
function drawn(text: string): readonly string[] {
  return text
    .trimEnd()
    .split('\n')
    .map((line) => line.replace(/,.*/, ''))
}

test('an image stands below the one it lies on, also one in another folder', () => {
  const { tree } = library()
  const whole = [
    'base.qcow2  qcow2',
    '├── ◇ first  snapshot 1',
    '├── ◇ second  snapshot 2',
    '└── middle.qcow2  qcow2',
    '    └── sub/top.qcow2  qcow2',
  ]
  expect(drawn(tree('-r').out)).toEqual(whole)
  expect(drawn(tree('sub').out)).toEqual(whole)
  expect(drawn(tree().out)).toEqual(whole.slice(0, 4))
})

test('what is missing, damaged or in a circle is said to be, and scripts can tell', () => {
  const { folder, qemu, tree } = library()
  expect(tree().code).toBe(0)
  qemu('create', '-q', '-f', 'qcow2', '-u', '-b', 'gone.img', '-F', 'raw', 'orphan.qcow2', '1M')
  writeFileSync(join(folder, 'bad.qcow2'), Buffer.concat([Buffer.from('QFI\xfb', 'latin1'), Buffer.alloc(100)]))
  qemu('create', '-q', '-f', 'qcow2', '-u', '-b', 'two.qcow2', '-F', 'qcow2', 'one.qcow2', '1M')
  qemu('create', '-q', '-f', 'qcow2', '-u', '-b', 'one.qcow2', '-F', 'qcow2', 'two.qcow2', '1M')
  const { code, out } = tree()
  expect(code).toBe(1)
  expect(out).toMatch(/^bad\.qcow2 {2}cannot be opened: .+$/m)
  expect(out).toMatch(/^gone\.img {2}missing\n└── orphan\.qcow2/m)
  expect(out.match(/(one|two)\.qcow2/g)).toHaveLength(2)
})

test('JSON says the same, and links are not counted twice', () => {
  const { folder, tree } = library()
  symlinkSync('base.qcow2', join(folder, 'link.qcow2'))
  const [root, ...others] = JSON.parse(tree('--output=json').out) as Record<string, unknown>[]
  expect(others).toEqual([])
  expect(root).toMatchObject({
    filename: join(folder, 'base.qcow2'),
    'virtual-size': 1 << 30,
    snapshots: [{ name: 'first' }, { name: 'second' }],
    children: [{ filename: join(folder, 'middle.qcow2'), missing: false }],
  })
})

test('a file shows its family, and what each of it takes', () => {
  const { tree } = library()
  const { out, code } = tree('middle.qcow2')
  expect(code).toBe(0)
  expect(out).toMatch(/^base\.qcow2 {2}qcow2, 1 GiB, [\d.]+ KiB on disk, 64 KiB own$/m)
  expect(out).toMatch(/◇ first {2}snapshot 1, [-\d]+ [\d:]+, 64 KiB own, frees 64 KiB$/m)
  expect(out).toMatch(/middle\.qcow2 {2}qcow2, 1 GiB, ([\d.]+ KiB) on disk, frees \1$/m)
})

test('a folder that is not there is an error of one line', () => {
  const { tree } = library()
  expect(tree('none')).toMatchObject({
    code: 1,
    out: '',
    error: expect.stringMatching(/^spindle: [^\n]*none[^\n]*\n$/),
  })
})
