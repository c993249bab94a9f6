// What `spindle measure` prints beside what qemu-img 10 prints.

import { execFileSync } from 'node:child_process'
import { join } from 'node:path'
import { beforeAll, describe, expect, test } from 'vitest'
import { newestOracle } from '../../helpers/oracles.ts'
import { sampleDisk } from '../../helpers/sample-disk.ts'
import { sharedFolder } from '../../helpers/scratch.ts'
import { runProgram, spindleHere } from '../../helpers/spindle.ts'

const { qemuImg, qemuIo } = newestOracle()
const folder = sharedFolder()
const at = (name: string): string => join(folder, name)
const qemu = (...words: readonly string[]): unknown => execFileSync(qemuImg, words, { cwd: folder })

beforeAll(() => {
  sampleDisk(at('sparse.img'))
  qemu('create', '-q', '-f', 'raw', 'odd.img', '5242881')
  qemu('create', '-q', '-f', 'qcow2', 'empty.qcow2', '100M')
  qemu('create', '-q', '-f', 'qcow2', '-o', 'compat=0.10', 'old.qcow2', '10M')
  qemu('convert', '-O', 'qcow2', '-o', 'cluster_size=4k', 'sparse.img', 'small.qcow2')
  qemu('convert', '-c', '-O', 'qcow2', 'sparse.img', 'packed.qcow2')
  qemu('create', '-q', '-f', 'qcow2', '-F', 'raw', '-b', 'sparse.img', 'middle.qcow2', '40M')
  execFileSync(qemuIo, ['-c', 'write 30M 100k', '-c', 'write -z 0 1M', at('middle.qcow2')])
  qemu('create', '-q', '-f', 'qcow2', '-F', 'qcow2', '-b', 'middle.qcow2', 'top.qcow2', '50M')
  execFileSync(qemuIo, ['-c', 'write 33M 1k', '-c', 'write 45M 3M', at('top.qcow2')])
  qemu('create', '-q', '-f', 'qcow2', 'marked.qcow2', '64M')
  qemu('bitmap', '--add', 'marked.qcow2', 'first')
  qemu('bitmap', '--add', '--disable', '-g', '512', 'marked.qcow2', 'a second, with a long name')
  qemu('snapshot', '-c', 'before', 'marked.qcow2')
  execFileSync(qemuIo, ['-c', 'write 1M 5M', at('marked.qcow2')])
})

const SOURCES = [
  'sparse.img',
  'odd.img',
  'empty.qcow2',
  'old.qcow2',
  'small.qcow2',
  'packed.qcow2',
  'middle.qcow2',
  'top.qcow2',
  'marked.qcow2',
]

/** Raw, a chain, and one with bitmaps: tried with every option. */
const OF_ALL_KINDS = new Set(['sparse.img', 'top.qcow2', 'marked.qcow2'])

const OPTIONS = [
  'compat=1.1',
  'compat=0.10',
  'cluster_size=512',
  'cluster_size=4k,refcount_bits=64',
  'cluster_size=2M',
  'refcount_bits=1',
  'refcount_bits=64',
  'extended_l2=on',
  'extended_l2=on,cluster_size=16k',
  'compression_type=zstd,lazy_refcounts=on',
  'preallocation=metadata',
  'preallocation=falloc',
  'preallocation=full',
  'data_file=elsewhere',
  'data_file=elsewhere,data_file_raw=on',
  'backing_file=sparse.img,backing_fmt=raw',
  'backing_file=sparse.img',
]

/** Both programs' exit codes and outputs, one after the other. */
async function sideBySide(commands: readonly (readonly string[])[]) {
  const ours: unknown[] = []
  const theirs: unknown[] = []
  for (const words of commands) {
    const here = words.map((word) => (SOURCES.includes(word) ? at(word) : word))
    const [mine, other] = [await spindleHere('measure', ...here), runProgram([qemuImg, 'measure', ...words], folder)]
    ours.push([words, mine.code, mine.out])
    theirs.push([words, other.code, other.out])
  }
  return { ours, theirs }
}

describe('the sizes that are measured are those of qemu-img', () => {
  test.each(SOURCES)('for the data of %s', async (source) => {
    const { ours, theirs } = await sideBySide([
      ['-O', 'raw', source],
      ['-O', 'raw', '-o', 'preallocation=full', '--output=json', source],
      ['-O', 'qcow2', source],
      ['-O', 'qcow2', '--output=json', source],
      ...(OF_ALL_KINDS.has(source) ? OPTIONS : OPTIONS.slice(0, 3)).map((options) => {
        return ['-O', 'qcow2', '-o', options, source]
      }),
    ])
    expect(ours).toEqual(theirs)
  })

  test('for an empty disk of every size', async () => {
    const sizes = ['0', '1', '12345', '64k', '1M', '1073741825', '20G', '7T']
    const { ours, theirs } = await sideBySide([
      ...sizes.flatMap((size) => [
        ['--size', size],
        ['-O', 'qcow2', '--output=json', '--size', size],
      ]),
      ...OPTIONS.map((options) => ['-O', 'qcow2', '-o', options, '--size', '1G']),
    ])
    expect(ours).toEqual(theirs)
  })

  test('for a snapshot, by id or by name, and with the format of the source given', async () => {
    const { ours, theirs } = await sideBySide([
      ['-O', 'qcow2', '-l', 'before', 'marked.qcow2'],
      ['-O', 'qcow2', '-l', '1', 'marked.qcow2'],
      ['-O', 'qcow2', '-f', 'raw', 'marked.qcow2'],
    ])
    expect(ours).toEqual(theirs)
  })

  test('and what makes no sense is refused by both', async () => {
    const commands = [
      [],
      ['--size', '1G', 'sparse.img'],
      ['sparse.img', 'odd.img'],
      ['-f', 'raw', '--size', '1G'],
      ['-l', 'before', '--size', '1G'],
      ['--size', '-1'],
      ['--size', 'large'],
      ['-O', 'qcow2', '-l', 'none', 'marked.qcow2'],
      ['-l', 'before', 'sparse.img'],
      ['-O', 'raw', '-o', 'backing_file=x', 'sparse.img'],
      ['-O', 'qcow2', '-o', 'cluster_size=512', '--size', '1T'],
      ['-O', 'qcow2', '-o', 'colour=red', '--size', '1G'],
      ['-O', 'tape', '--size', '1G'],
      ['--output', 'xml', '--size', '1G'],
    ]
    const { ours, theirs } = await sideBySide(commands)
    expect(ours).toEqual(theirs)
    expect(ours.map((one) => (one as readonly unknown[])[1])).toEqual(commands.map(() => 1))
  })
})
