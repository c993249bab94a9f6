// `npm run bench`: each operation beside qemu-img, turn by turn in one run, on a disk with a real file system.

import { mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { cpus, tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import { MiB, formatSize } from '../../core/model/units.ts'
import { newestOracle } from '../helpers/oracles.ts'
import { realDisk } from '../helpers/real-disk.ts'
import { median, run } from './measure.ts'
import { growth } from './growth.ts'
import { onReflinks } from './reflink.ts'
import { allRows } from './rows.ts'
import { middle, quickest, sampled } from './sampling.ts'
import type { Samples } from './sampling.ts'

const { values } = parseArgs({
  options: {
    rounds: { type: 'string', default: '5' },
    /** Bytes of files in the disk, in MiB. */
    content: { type: 'string', default: '1024' },
    only: { type: 'string' },
  },
})
const rounds = Number(values.rounds)
const isWanted = ({ name }: { readonly name: string }): boolean =>
  values.only === undefined || name.includes(values.only)
const spindle = [process.execPath, fileURLToPath(new URL('../../out/cli/spindle.js', import.meta.url))]
const { qemuImg, version } = newestOracle()
const work = mkdtempSync(join(tmpdir(), 'spindle-bench-'))
const output = join(work, 'output')
const disk = realDisk(Number(values.content) * MiB)
const qemu = async (...words: readonly string[]): Promise<void> => void (await run([qemuImg, ...words]))

try {
  writeFileSync(join(work, 'passphrase'), 'correct horse battery staple')
  const { model = 'cpu' } = cpus()[0] ?? {}
  const date = new Date().toISOString()
  console.log(`${date.slice(0, 10)}, ${cpus().length} × ${model}, Node ${process.version}, qemu-img ${version}`)
  console.log(
    `Disk: ext4, ${formatSize(statSync(disk).blocks * 512)} used of ${formatSize(statSync(disk).size)}. Median of ${rounds} alternating rounds; page cache warm. Spindle syncs what it wrote but in the columns “neither synced” and “to best flags”; qemu-img does only in the column “both synced”.`,
  )
  await printLimits()
  const results = []
  for (const row of allRows({ work, output, disk, qemuImg, qemu }).filter(isWanted)) {
    results.push({ name: row.name, samples: await sampled(row, rounds, { spindle, qemuImg, output }) })
  }
  const shared = await onReflinks(work, disk, async (row, there) =>
    isWanted(row)
      ? { name: row.name, samples: await sampled(row, rounds, { spindle, qemuImg, output: there }) }
      : undefined,
  )
  const all = [...results, ...shared]
  console.table(all.map(({ name, samples }) => ({ operation: name, ...figures(samples) })))
  const grown =
    values.only === undefined || values.only === 'growth' ? await growth({ work, spindle, qemuImg, rounds }) : []
  const rows = all.map(({ name, samples }) => ({ name, samples: Object.fromEntries(samples) }))
  writeFileSync(
    'bench.json',
    JSON.stringify({ date, qemu: version, node: process.version, rounds, rows, growth: grown }, null, 2),
  )
} finally {
  rmSync(work, { recursive: true, force: true })
}

/** What the machine can do at all: copying the same bytes, and starting Node. */
async function printLimits(): Promise<void> {
  const limits = [
    ['cp of the disk', ['cp', '--reflink=never', disk, output]],
    ['starting Node', [process.execPath, '-e', '0']],
  ] as const
  for (const [name, command] of limits) {
    const walls: number[] = []
    for (let round = 0; round < rounds; round += 1) {
      rmSync(output, { force: true })
      walls.push((await run(command)).wall)
    }
    console.log(`Limit: ${name} ${median(walls).toFixed(3)} s`)
  }
  rmSync(output, { force: true })
}

function figures(samples: Samples): Readonly<Record<string, string>> {
  const of = (name: string) => {
    const found = samples.get(name)
    return found && { ...middle(found), least: quickest(found) }
  }
  const [ours, theirs] = [of('spindle'), of('qemu-img')]
  if (!ours || !theirs) throw new Error('a row without both programs')
  const [best, synced] = [of('qemu-img best'), of('qemu-img synced')]
  const left = of('spindle unsynced') ?? ours
  return {
    'spindle s': ours.wall.toFixed(3),
    'qemu-img s': theirs.wall.toFixed(3),
    'wall ratio': ratio(ours.wall, theirs.wall),
    'CPU ratio': ratio(ours.cpu, theirs.cpu),
    'neither synced': ratio(left.wall, theirs.wall),
    'least/least': ratio(left.least, theirs.least),
    'CPU unsynced': ratio(left.cpu, theirs.cpu),
    'both synced': ratio(ours.wall, synced?.wall),
    'to best flags': ratio(left.wall, best?.wall),
    peak: formatSize(ours.peak),
    'size ratio': ours.size > 0 && theirs.size > 0 ? (ours.size / theirs.size).toFixed(3) : '–',
  }
}

function ratio(one: number, other: number | undefined): string {
  return other === undefined ? '–' : (one / other).toFixed(2)
}
