// What is measured: each row an operation in Spindle's words and in qemu-img's, with what is to be made before.

import { rmSync } from 'node:fs'
import { join } from 'node:path'
import { GiB, MiB, TiB } from '../../core/model/units.ts'
import { create, fragmented, manySmall, scattered } from './sources.ts'

export interface Setting {
  /** A folder for what is made. */
  readonly work: string
  /** Where every command writes. */
  readonly output: string
  /** A raw disk with a real file system. */
  readonly disk: string
  readonly qemuImg: string
  /** Runs qemu-img to its end. */
  readonly qemu: (...words: readonly string[]) => Promise<void>
}

export interface Row {
  readonly name: string
  /** Makes what it reads. Returns the words after either program's name. */
  readonly prepare: () => Promise<readonly string[]> | readonly string[]
  /** Takes away again what takes much room. */
  readonly clear?: () => void
  /** The flags that make qemu-img fastest; left out where there are none. */
  readonly bestFlags?: readonly string[]
  /** What qemu-img has to be called for one after the other, where Spindle takes all at once. */
  readonly each?: readonly string[]
}

const PARALLEL = ['-W', '-m', '16']
const THREADS = ['-m', '16']
/** Formats by qemu's name, each as the others' users have it. */
const FORMATS = [
  ['vdi', ''],
  ['vmdk', 'subformat=monolithicSparse'],
  ['vmdk', 'subformat=streamOptimized'],
  ['vpc', 'subformat=dynamic,force_size=on'],
  ['vpc', 'subformat=fixed,force_size=on'],
  ['vhdx', 'subformat=dynamic'],
  ['qed', ''],
] as const
/** Finding out how long a passphrase may take is no part of what is measured. */
const SEAL_KEY = 'encrypt.key-secret=s'
const SEALING = `encrypt.format=luks,${SEAL_KEY},encrypt.iter-time=10`

export function allRows(setting: Setting): readonly Row[] {
  return [
    ...conversions(setting),
    ...packed(setting),
    ...encrypted(setting),
    ...otherFormats(setting),
    ...old(setting),
    ...tables(setting),
    ...small(setting),
  ]
}

function conversions({ disk, output, work, qemu }: Setting): readonly Row[] {
  const qcow2 = join(work, 'disk.qcow2')
  const made = async (): Promise<void> => qemu('convert', '-f', 'raw', '-O', 'qcow2', disk, qcow2)
  const row = (name: string, words: readonly string[]): Row => ({
    name,
    prepare: async () => {
      await made()
      return words
    },
    clear: () => rmSync(qcow2),
    ...(words[0] === 'convert' && { bestFlags: PARALLEL }),
  })
  return [
    row('raw → qcow2', ['convert', '-f', 'raw', '-O', 'qcow2', disk, output]),
    row('qcow2 → raw', ['convert', '-f', 'qcow2', '-O', 'raw', qcow2, output]),
    row('qcow2 → qcow2', ['convert', '-f', 'qcow2', '-O', 'qcow2', qcow2, output]),
    row('compare raw, qcow2', ['compare', '-f', 'raw', '-F', 'qcow2', disk, qcow2]),
  ]
}

function packed({ disk, output, work, qemu }: Setting): readonly Row[] {
  const zlib = join(work, 'zlib.qcow2')
  return [
    {
      name: 'raw → compressed qcow2, zlib',
      prepare: () => ['convert', '-c', '-f', 'raw', '-O', 'qcow2', disk, output],
      bestFlags: THREADS,
    },
    {
      name: 'raw → compressed qcow2, zstd',
      prepare: () => ['convert', '-c', '-o', 'compression_type=zstd', '-f', 'raw', '-O', 'qcow2', disk, output],
      bestFlags: THREADS,
    },
    {
      name: 'compressed qcow2 → raw',
      prepare: async () => {
        await qemu('convert', '-c', '-f', 'raw', '-O', 'qcow2', disk, zlib)
        return ['convert', '-f', 'qcow2', '-O', 'raw', zlib, output]
      },
      clear: () => rmSync(zlib),
      bestFlags: PARALLEL,
    },
  ]
}

function encrypted({ disk, output, work, qemu }: Setting): readonly Row[] {
  const sealed = join(work, 'sealed.qcow2')
  const secret = ['--object', `secret,id=s,file=${join(work, 'passphrase')}`]
  const form = `driver=qcow2,${SEAL_KEY},file.filename=${sealed}`
  return [
    {
      name: 'encrypted qcow2 → raw',
      prepare: async () => {
        await qemu('convert', ...secret, '-f', 'raw', '-O', 'qcow2', '-o', SEALING, disk, sealed)
        return ['convert', ...secret, '--image-opts', form, '-O', 'raw', output]
      },
      clear: () => rmSync(sealed),
      bestFlags: PARALLEL,
    },
    {
      name: 'raw → encrypted qcow2',
      prepare: () => ['convert', ...secret, '-f', 'raw', '-O', 'qcow2', '-o', SEALING, disk, output],
      bestFlags: PARALLEL,
    },
    {
      name: 'raw → luks',
      prepare: () => ['convert', ...secret, '-f', 'raw', '-O', 'luks', '-o', 'key-secret=s,iter-time=10', disk, output],
      bestFlags: PARALLEL,
    },
  ]
}

function otherFormats({ disk, output, work, qemu }: Setting): readonly Row[] {
  const named = FORMATS.map(([format, options]) => {
    const form = options === '' ? [] : ['-o', options]
    const title = `${format} ${/subformat=(\w+)/.exec(options)?.[1] ?? ''}`.trimEnd()
    return { format, form, title, path: join(work, `${title.replace(' ', '-')}.${format}`) }
  })
  return [
    ...named.map(({ format, form, title, path }): Row => {
      return {
        name: `${title} → qcow2`,
        prepare: async () => {
          await qemu('convert', '-f', 'raw', '-O', format, ...form, disk, path)
          return ['convert', '-f', format, '-O', 'qcow2', path, output]
        },
        clear: () => rmSync(path),
        bestFlags: PARALLEL,
      }
    }),
    ...named
      .filter(({ title }) => !title.includes('stream'))
      .map(({ format, form, title }): Row => {
        const words = ['convert', '-f', 'raw', '-O', format, ...form, disk, output]
        return { name: `raw → ${title}`, prepare: () => words, bestFlags: PARALLEL }
      }),
  ]
}

/** Images that have been in use. */
function old({ disk, output, work, qemuImg }: Setting): readonly Row[] {
  const used = join(work, 'fragmented.qcow2')
  const wide = join(work, 'scattered.qcow2')
  const row = (name: string, words: readonly string[]): Row => ({
    name,
    prepare: async () => {
      await fragmented(qemuImg, disk, used)
      return words
    },
    clear: () => rmSync(used),
    ...(words[0] === 'convert' && { bestFlags: PARALLEL }),
  })
  return [
    row('fragmented qcow2 → qcow2', ['convert', '-f', 'qcow2', '-O', 'qcow2', used, output]),
    row('compare raw, fragmented qcow2', ['compare', '-f', 'raw', '-F', 'qcow2', disk, used]),
    {
      name: 'scattered 1 TiB → qcow2',
      prepare: async () => {
        await scattered(qemuImg, wide, TiB, 16_000)
        return ['convert', '-f', 'qcow2', '-O', 'qcow2', wide, output]
      },
      clear: () => rmSync(wide),
      bestFlags: PARALLEL,
    },
  ]
}

/** What only reads or writes tables. */
function tables({ output, work, qemuImg }: Setting): readonly Row[] {
  const wide = join(work, 'scattered.qcow2')
  const full = join(work, 'preallocated.qcow2')
  const onWide = (name: string, words: readonly string[]): Row => ({
    name,
    prepare: async () => {
      await scattered(qemuImg, wide, TiB, 16_000)
      return words
    },
    clear: () => rmSync(wide),
  })
  return [
    onWide('check, scattered 1 TiB', ['check', '-q', '-f', 'qcow2', wide]),
    onWide('map as JSON, scattered 1 TiB', ['map', '--output=json', '-f', 'qcow2', wide]),
    {
      name: 'check, preallocated 1 TiB',
      prepare: () => {
        create(qemuImg, full, TiB, '-o', 'preallocation=metadata')
        return ['check', '-q', '-f', 'qcow2', full]
      },
      clear: () => rmSync(full),
    },
    {
      name: 'create 1 TiB, preallocation=metadata',
      prepare: () => ['create', '-q', '-f', 'qcow2', '-o', 'preallocation=metadata', output, String(TiB)],
    },
    {
      name: 'create 1 GiB, preallocation=full',
      prepare: () => ['create', '-q', '-f', 'qcow2', '-o', 'preallocation=full', output, String(GiB)],
    },
  ]
}

function small({ work, qemuImg }: Setting): readonly Row[] {
  const folder = join(work, 'small')
  const one = join(work, 'one.qcow2')
  const paths = Array.from({ length: 2000 }, (_, index) => join(folder, `disk-${index}.qcow2`))
  return [
    {
      name: 'info of 2,000 images',
      prepare: () => {
        manySmall(qemuImg, folder, paths.length)
        return ['info', ...paths]
      },
      each: paths,
      clear: () => rmSync(folder, { recursive: true }),
    },
    {
      name: 'info of one image',
      prepare: () => {
        create(qemuImg, one, MiB)
        return ['info', one]
      },
    },
  ]
}
