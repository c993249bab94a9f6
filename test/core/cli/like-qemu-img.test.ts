// What `spindle` prints beside what qemu-img 10 prints, on the same images.

import { execFileSync } from 'node:child_process'
import { copyFileSync, mkdirSync, mkdtempSync, rmSync, truncateSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { MiB } from '../../../core/model/units.ts'
import { newestOracle } from '../../helpers/oracles.ts'
import { sampleDisk } from '../../helpers/sample-disk.ts'
import { scratchFolder } from '../../helpers/scratch.ts'
import { runProgram, spindle, spindleHere } from '../../helpers/spindle.ts'
import type { Outcome } from '../../helpers/spindle.ts'

const { qemuImg, qemuIo } = newestOracle()
const folder = mkdtempSync(join(tmpdir(), 'spindle-cli-'))
const at = (name: string): string => join(folder, name)

function make(name: string, words: readonly string[], ...writes: readonly string[]): void {
  execFileSync(qemuImg, ['create', '-q', '-f', 'qcow2', ...words.slice(0, -1), name, ...words.slice(-1)], {
    cwd: folder,
  })
  if (writes.length > 0) execFileSync(qemuIo, [...writes.flatMap((one) => ['-c', one]), name], { cwd: folder })
}

beforeAll(() => {
  mkdirSync(at('sub'))
  sampleDisk(at('disk.img'))
  writeFileSync(at('tail.img'), 'x')
  truncateSync(at('tail.img'), 5 * MiB + 512)
  make('plain.qcow2', ['64M'], 'write 0 64k', 'write -z 1M 64k', 'write 2M 128k', 'write 8M 64k', 'discard 8M 64k')
  make(
    'top.qcow2',
    ['-o', 'cluster_size=128K,lazy_refcounts=on', '-F', 'qcow2', '-b', 'plain.qcow2', '64M'],
    'write 4M 128k',
  )
  make('sub/up.qcow2', ['-F', 'qcow2', '-u', '-b', '../plain.qcow2', '100M'], 'write 1M 64k')
  make('longer.qcow2', ['-F', 'raw', '-b', 'disk.img', '40M'], 'write -z 30M 64k')
  make('absolute.qcow2', ['-F', 'raw', '-b', at('disk.img'), '24M'])
  make('described.qcow2', [
    '-F',
    'raw',
    '-b',
    `json:{"driver":"raw","file":{"driver":"file","filename":"${at('disk.img')}"}}`,
    '24M',
  ])
  make('named.qcow2', ['-F', 'raw', '-b', `file:${at('disk.img')}`, '24M'])
  make('old.qcow2', ['-o', 'compat=0.10', '10M'], 'write 0 1M')
  make('tiny.qcow2', ['-o', 'cluster_size=512,refcount_bits=1', '1M'], 'write 0 100k')
  make('sub.clusters.qcow2', ['-o', 'extended_l2=on,cluster_size=128k', '10M'], 'write 256k 256k')
  make('data.qcow2', ['-o', 'data_file=data,,1.raw,compression_type=zstd', '8M'], 'write 64k 128k', 'write -z 1M 64k')
  execFileSync(qemuImg, ['convert', '-c', '-O', 'qcow2', at('disk.img'), at('packed.qcow2')])
  copyFileSync(at('plain.qcow2'), at('many.qcow2'))
  for (const name of ['one', 'two words']) execFileSync(qemuImg, ['snapshot', '-c', name, at('many.qcow2')])
  execFileSync(qemuImg, ['bitmap', '--add', at('many.qcow2'), 'first'])
  execFileSync(qemuImg, ['bitmap', '--add', '--disable', '-g', '128k', at('many.qcow2'), 'second'])
})
afterAll(() => rmSync(folder, { recursive: true, force: true }))

const IMAGES = [
  'disk.img',
  'tail.img',
  'plain.qcow2',
  'top.qcow2',
  'sub/up.qcow2',
  'longer.qcow2',
  'absolute.qcow2',
  'described.qcow2',
  'named.qcow2',
  'old.qcow2',
  'tiny.qcow2',
  'sub.clusters.qcow2',
  'packed.qcow2',
  'many.qcow2',
]

function comparable({ code, out }: Outcome): Pick<Outcome, 'code' | 'out'> {
  return { code, out }
}

interface Outputs {
  readonly ours: readonly Pick<Outcome, 'code' | 'out'>[]
  readonly theirs: readonly Pick<Outcome, 'code' | 'out'>[]
}

/** Of both programs, for each of the commands. */
async function outputs(...commands: readonly (readonly string[])[]): Promise<Outputs> {
  const [ours, theirs] = [[] as Outcome[], [] as Outcome[]]
  for (const words of commands) {
    ours.push(await spindleHere(...words))
    theirs.push(runProgram([qemuImg, ...words]))
  }
  return { ours: ours.map(comparable), theirs: theirs.map(comparable) }
}

const formatOf = (name: string): string => (name.endsWith('.img') ? 'raw' : 'qcow2')

describe.each(IMAGES)('%s', (name) => {
  test('info prints the same, for people and for programs', async () => {
    const { ours, theirs } = await outputs(['info', at(name)], ['info', '--output=json', at(name)])
    expect(ours).toEqual(theirs)
  })

  test('info of the whole chain prints the same', async () => {
    const { ours, theirs } = await outputs(
      ['info', '--backing-chain', at(name)],
      ['info', '--backing-chain', '--output=json', at(name)],
    )
    expect(ours).toEqual(theirs)
  })

  test('map prints the same', async () => {
    const { ours, theirs } = await outputs(
      ['map', at(name)],
      ['map', '--output=json', at(name)],
      ['map', '--output=json', '-s', '64k', '-l', '2M', at(name)],
      ['map', '--output', 'json', '--start-offset=200M', at(name)],
    )
    expect(ours).toEqual(theirs)
  })
})

test('names are printed as they were typed, from wherever that was', () => {
  for (const words of [
    ['info', '--backing-chain', 'sub/up.qcow2'],
    ['map', 'sub/up.qcow2'],
    ['map', 'data.qcow2'],
    ['info', 'file:disk.img'],
    ['info', '-f', 'raw', 'data.qcow2'],
  ]) {
    const theirs = runProgram([qemuImg, ...words], folder)
    const ours = spindle(words, { cwd: folder })
    expect(ours).toEqual(theirs)
  }
})

describe('create', () => {
  test.each([
    ['-f', 'qcow2', 'new', '20M'],
    ['-f', 'qcow2', '-o', 'cluster_size=128k,compat=v3,lazy_refcounts=on', 'new', '1G'],
    ['-f', 'qcow2', '-o', 'compat=0.10', 'new', '10M'],
    ['-f', 'qcow2', '-o', 'extended_l2=on,preallocation=metadata,refcount_bits=64', 'new', '10M'],
    ['-f', 'qcow2', '-o', 'size=3M,compression_type=zstd', 'new'],
    ['-f', 'qcow2', '-b', 'base.img', '-F', 'raw', 'new'],
    ['-f', 'qcow2', '-o', 'backing_file=base.img,backing_fmt=raw', 'new', '5M'],
    ['-f', 'qcow2', '-u', '-b', 'later.qcow2', '-F', 'qcow2', 'new', '5M'],
    ['-f', 'qcow2', '-o', 'data_file=a,,b.raw,data_file_raw=on', 'new', '4M'],
    ['--format=qcow2', '--opt', 'cluster_size=4k', 'new', '1234567'],
    ['new', '1M'],
    ['-f', 'raw', '-o', 'preallocation=full', 'new', '1M'],
    ['-q', '-f', 'raw', 'new', '1000'],
  ])('%s %s %s %s %s %s %s prints and makes the same', (...given) => {
    const words = given.filter((word): word is string => word !== undefined)
    const [theirFolder, ourFolder] = [scratchFolder(), scratchFolder()]
    for (const one of [theirFolder, ourFolder]) writeFileSync(join(one, 'base.img'), Buffer.alloc(2 * MiB, 1))
    const theirs = runProgram([qemuImg, 'create', ...words], theirFolder)
    const ours = spindle(['create', ...words], { cwd: ourFolder })
    expect(ours).toEqual(theirs)
    const facts = [theirFolder, ourFolder].map((one) => {
      const info = runProgram([qemuImg, 'info', '-U', '--output=json', 'new'], one).out
      const { children: _, 'actual-size': __, ...rest } = JSON.parse(info) as Record<string, unknown>
      return rest
    })
    expect(facts[1]).toEqual(facts[0])
  })
})

describe('compare', () => {
  const pairs: readonly (readonly [what: string, left: string, right: string])[] = [
    ['the same disk twice', 'plain.qcow2', 'plain.qcow2'],
    ['an image and one on top of it', 'plain.qcow2', 'top.qcow2'],
    ['raw and qcow2', 'disk.img', 'packed.qcow2'],
    ['a longer disk with an empty rest', 'disk.img', 'longer.qcow2'],
    ['two disks of different sizes', 'tail.img', 'disk.img'],
    ['a file that is not there', 'missing.img', 'disk.img'],
  ]
  test.each(pairs)('of %s says the same', async (_, left, right) => {
    const words = ['compare', '-f', formatOf(left), '-F', formatOf(right), at(left), at(right)]
    const { ours, theirs } = await outputs(words, [...words, '-q'])
    expect(ours).toEqual(theirs)
  })

  test.each([
    ['the same disk twice', 'plain.qcow2', 'plain.qcow2'],
    ['sizes that differ', 'disk.img', 'longer.qcow2'],
    ['an image and one on top of it', 'plain.qcow2', 'top.qcow2'],
  ])('strictly, of %s says the same', async (_, left, right) => {
    const words = ['compare', '-s', '-f', formatOf(left), '-F', formatOf(right), at(left), at(right)]
    const { ours, theirs } = await outputs(words)
    expect(ours).toEqual(theirs)
  })

  test('tables that cannot be read are exit code 3, data that cannot be read 4', async () => {
    const bad = at('bad-table.qcow2')
    copyFileSync(at('plain.qcow2'), bad)
    // The first L2 entry points far past the end of the file.
    execFileSync(qemuIo, ['-f', 'raw', '-c', 'write -P 0x7f 262145 2', bad])
    const tables = await spindleHere('compare', bad, at('plain.qcow2'))
    expect(tables.code).toBe(3)
    expect(tables.error).toMatch(/^spindle: .*bad-table\.qcow2/)

    const packed = at('bad-data.qcow2')
    copyFileSync(at('packed.qcow2'), packed)
    const { 0: row } = JSON.parse(execFileSync(qemuImg, ['map', '--output=json', packed], { encoding: 'utf8' }))
    expect(row).toMatchObject({ start: 0, compressed: true })
    // Compressed clusters follow the tables: deflate knows no block that begins with these bits.
    execFileSync(qemuIo, ['-f', 'raw', '-c', 'write -P 0xff 320k 64k', packed])
    const data = await spindleHere('compare', '-f', 'raw', at('disk.img'), packed)
    expect(data.code).toBe(4)
    expect(data.error).toMatch(/^spindle: .*bad-data\.qcow2/)
  })
})

describe('convert', () => {
  test('shows percentages to programs, ending at 100', async () => {
    const scratch = scratchFolder()
    const words = ['convert', '-p', '-f', 'raw', '-O', 'qcow2', at('disk.img'), join(scratch, 'new')]
    const { out, code } = await spindleHere(...words)
    expect(code).toBe(0)
    expect(out).toMatch(/^( {4}\(\d+\.\d\d\/100%\)\r)+\n$/)
    expect(out).toContain('    (100.00/100%)\r\n')
  })

  test('accepts what scripts say about caches, threads and order', async () => {
    const scratch = scratchFolder()
    const flags = ['-W', '-m', '16', '-t', 'none', '-T', 'none', '-U', '-C', '-q']
    const { code, out, error } = await spindleHere('convert', ...flags, at('disk.img'), join(scratch, 'new'))
    expect({ code, out, error }).toEqual({ code: 0, out: '', error: '' })
    expect(runProgram([qemuImg, 'compare', '-f', 'raw', at('disk.img'), join(scratch, 'new')]).code).toBe(0)
  })

  test('an existing target needs --force, and the message says so', async () => {
    const scratch = scratchFolder()
    const target = join(scratch, 'new')
    writeFileSync(target, 'precious')
    const refused = await spindleHere('convert', at('disk.img'), target)
    expect(refused).toMatchObject({ code: 1, error: expect.stringContaining('--force') })
    expect(await spindleHere('convert', '--force', at('disk.img'), target)).toMatchObject({ code: 0 })
  })
})

test('-o help lists every option of the format and those all formats share', async () => {
  for (const format of ['raw', 'qcow2']) {
    const theirs = runProgram([qemuImg, 'create', '-f', format, '-o', 'help']).out
    const { code, out } = await spindleHere('create', '-f', format, '-o', 'help')
    expect(code).toBe(0)
    const names = [...theirs.matchAll(/^ {2}(\w[\w.-]*)=/gm)].map(([, name]) => name ?? '')
    const known = names.filter((name) => !name.startsWith('encrypt'))
    expect(known.length).toBeGreaterThan(0)
    for (const name of known) expect(out).toContain(`  ${name}=<`)
  }
})

test.each(['info', 'create', 'convert', 'map', 'compare'])('%s --help explains itself', async (command) => {
  const { code, out } = await spindleHere(command, '--help')
  expect(code).toBe(0)
  expect(out).toContain(`Usage: spindle ${command}`)
})
