// `npm run bench`: each operation beside qemu-img, turn by turn in one run, on a disk with a real file system.

import { mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { cpus, tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import { GiB, MiB, formatSize } from '../../core/model/units.ts'
import { newestOracle } from '../helpers/oracles.ts'
import { realDisk } from '../helpers/real-disk.ts'
import { median, run } from './measure.ts'
import type { Cost } from './measure.ts'

const { values } = parseArgs({
  options: {
    rounds: { type: 'string', default: '5' },
    /** Bytes of files in the disk, in MiB. */
    content: { type: 'string', default: '1024' },
    only: { type: 'string' },
  },
})
const rounds = Number(values.rounds)
const spindle = [process.execPath, fileURLToPath(new URL('../../out/cli/spindle.js', import.meta.url))]
const { qemuImg, version } = newestOracle()
const work = mkdtempSync(join(tmpdir(), 'spindle-bench-'))
const output = join(work, 'output')

/** An image of the disk that qemu-img makes before the rows that read it. */
interface Source {
  readonly path: string
  readonly words: readonly string[]
}

interface Row {
  readonly name: string
  readonly source?: Source
  /** Words after the program's name, for both alike. */
  readonly words: readonly string[]
  /** Says which of qemu-img's flags make it fastest; left out where there are none. */
  readonly bestFlags?: readonly string[]
}

const disk = realDisk(Number(values.content) * MiB)
const qcow2 = join(work, 'disk.qcow2')
const zlib = join(work, 'zlib.qcow2')
const sealed = join(work, 'sealed.qcow2')
const secret = ['--object', `secret,id=s,file=${join(work, 'passphrase')}`]
/** Finding out how long a passphrase may take is no part of what is measured. */
const sealKey = 'encrypt.key-secret=s'
const sealing = `encrypt.format=luks,${sealKey},encrypt.iter-time=10`
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
const parallel = ['-W', '-m', '16']
const threads = ['-m', '16']

const rows: readonly Row[] = [
  { name: 'raw → qcow2', words: ['convert', '-f', 'raw', '-O', 'qcow2', disk, output], bestFlags: parallel },
  { name: 'qcow2 → raw', words: ['convert', '-f', 'qcow2', '-O', 'raw', qcow2, output], bestFlags: parallel },
  { name: 'qcow2 → qcow2', words: ['convert', '-f', 'qcow2', '-O', 'qcow2', qcow2, output], bestFlags: parallel },
  {
    name: 'raw → compressed qcow2, zlib',
    words: ['convert', '-c', '-f', 'raw', '-O', 'qcow2', disk, output],
    bestFlags: threads,
  },
  {
    name: 'raw → compressed qcow2, zstd',
    words: ['convert', '-c', '-o', 'compression_type=zstd', '-f', 'raw', '-O', 'qcow2', disk, output],
    bestFlags: threads,
  },
  { name: 'compressed qcow2 → raw', words: ['convert', '-f', 'qcow2', '-O', 'raw', zlib, output], bestFlags: parallel },
  {
    name: 'encrypted qcow2 → raw',
    source: { path: sealed, words: ['convert', ...secret, '-f', 'raw', '-O', 'qcow2', '-o', sealing, disk, sealed] },
    words: [
      'convert',
      ...secret,
      '--image-opts',
      `driver=qcow2,${sealKey},file.filename=${sealed}`,
      '-O',
      'raw',
      output,
    ],
    bestFlags: parallel,
  },
  {
    name: 'raw → encrypted qcow2',
    words: ['convert', ...secret, '-f', 'raw', '-O', 'qcow2', '-o', sealing, disk, output],
    bestFlags: parallel,
  },
  {
    name: 'raw → luks',
    words: ['convert', ...secret, '-f', 'raw', '-O', 'luks', '-o', 'key-secret=s,iter-time=10', disk, output],
    bestFlags: parallel,
  },
  ...FORMATS.map(([format, options]): Row => {
    const path = join(work, `disk-${options}.${format}`)
    const form = options === '' ? [] : ['-o', options]
    return {
      name: `${format} ${/subformat=(\w+)/.exec(options)?.[1] ?? ''} → qcow2`.replace('  ', ' '),
      source: { path, words: ['convert', '-f', 'raw', '-O', format, ...form, disk, path] },
      words: ['convert', '-f', format, '-O', 'qcow2', path, output],
      bestFlags: parallel,
    }
  }),
  ...FORMATS.filter(([, options]) => !options.includes('stream')).map(([format, options]): Row => {
    const form = options === '' ? [] : ['-o', options]
    return {
      name: `raw → ${format} ${/subformat=(\w+)/.exec(options)?.[1] ?? ''}`.trimEnd(),
      words: ['convert', '-f', 'raw', '-O', format, ...form, disk, output],
      bestFlags: parallel,
    }
  }),
  { name: 'compare raw, qcow2', words: ['compare', '-f', 'raw', '-F', 'qcow2', disk, qcow2] },
]

interface Sample extends Cost {
  /** Bytes of the file that was written, 0 where none was. */
  readonly size: number
}

async function sample(command: readonly string[]): Promise<Sample> {
  rmSync(output, { force: true })
  const cost = await run(command)
  const size = statSync(output, { throwIfNoEntry: false })?.size ?? 0
  return { ...cost, size }
}

function middle(samples: readonly Sample[]): Sample {
  return {
    wall: median(samples.map((one) => one.wall)),
    cpu: median(samples.map((one) => one.cpu)),
    peak: Math.max(...samples.map((one) => one.peak)),
    size: samples[0]?.size ?? 0,
  }
}

function best(samples: readonly Sample[]): number {
  return Math.min(...samples.map((one) => one.wall))
}

try {
  writeFileSync(join(work, 'passphrase'), 'correct horse battery staple')
  await run([qemuImg, 'convert', '-f', 'raw', '-O', 'qcow2', disk, qcow2])
  await run([qemuImg, 'convert', '-c', '-f', 'raw', '-O', 'qcow2', disk, zlib])
  console.log(
    `${new Date().toISOString().slice(0, 10)}, ${cpus().length} × ${cpus()[0]?.model ?? 'cpu'}, Node ${process.version}, qemu-img ${version}`,
  )
  const content = statSync(disk).blocks * 512
  console.log(
    `Disk: ext4, ${formatSize(content)} used of ${formatSize(statSync(disk).size)}. Median of ${rounds} alternating rounds; page cache warm. Spindle syncs what it wrote but in the columns “neither synced” and “to best flags”; qemu-img does only in the column “both synced”.`,
  )
  const results = []
  const table = []
  for (const row of rows.filter((one) => values.only === undefined || one.name.includes(values.only))) {
    if (row.source) await run([qemuImg, ...row.source.words])
    const variants = new Map<string, readonly string[]>([
      ['spindle', [...spindle, ...row.words]],
      ['qemu-img', [qemuImg, ...row.words]],
    ])
    const [verb = '', ...rest] = row.words
    if (row.bestFlags) variants.set('qemu-img best', [qemuImg, verb, ...row.bestFlags, ...rest])
    // As Spindle does it: what was written is durable when the program ends.
    if (verb === 'convert') {
      variants.set('qemu-img synced', [qemuImg, verb, '-t', 'writeback', ...rest])
      // As qemu-img does it: what was written is left to the system.
      variants.set('spindle unsynced', [...spindle, verb, '-t', 'unsafe', ...rest])
    }
    const samples = new Map<string, Sample[]>([...variants.keys()].map((name) => [name, []]))
    for (let round = 0; round < rounds; round += 1) {
      // Another order every round: whoever runs after a big writer pays for its pages.
      const order = [...variants].map((_, index, all) => all[(index + round) % all.length]!)
      for (const [name, command] of order) samples.get(name)?.push(await sample(command))
    }
    const ours = middle(samples.get('spindle') ?? [])
    const theirs = middle(samples.get('qemu-img') ?? [])
    const tuned = row.bestFlags ? middle(samples.get('qemu-img best') ?? []) : undefined
    const synced = samples.has('qemu-img synced') ? middle(samples.get('qemu-img synced') ?? []) : undefined
    const left = samples.has('spindle unsynced') ? middle(samples.get('spindle unsynced') ?? []) : ours
    if (row.source) rmSync(row.source.path)
    results.push({ name: row.name, samples: Object.fromEntries(samples) })
    table.push({
      operation: row.name,
      'spindle s': ours.wall.toFixed(2),
      'qemu-img s': theirs.wall.toFixed(2),
      'wall ratio': (ours.wall / theirs.wall).toFixed(2),
      'best/best': (best(samples.get('spindle') ?? []) / best(samples.get('qemu-img') ?? [])).toFixed(2),
      'CPU ratio': (ours.cpu / theirs.cpu).toFixed(2),
      'neither synced': (left.wall / theirs.wall).toFixed(2),
      'CPU unsynced': (left.cpu / theirs.cpu).toFixed(2),
      'both synced': synced ? (ours.wall / synced.wall).toFixed(2) : '–',
      'to best flags': tuned ? (left.wall / tuned.wall).toFixed(2) : '–',
      'GiB/s': (content / GiB / ours.wall).toFixed(2),
      peak: formatSize(ours.peak),
      'size ratio': ours.size > 0 ? (ours.size / theirs.size).toFixed(3) : '–',
    })
  }
  console.table(table)
  writeFileSync(
    'bench.json',
    JSON.stringify({ date: new Date().toISOString(), qemu: version, node: process.version, rounds, results }, null, 2),
  )
} finally {
  rmSync(work, { recursive: true, force: true })
}
