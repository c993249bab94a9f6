// Running each row several times, ours and theirs in turn, and what that comes to.

import { rmSync, statSync } from 'node:fs'
import { median, run } from './measure.ts'
import type { Cost } from './measure.ts'
import type { Row } from './rows.ts'

export interface Sample extends Cost {
  /** Bytes of the file that was written, 0 where none was. */
  readonly size: number
}

export interface Programs {
  readonly spindle: readonly string[]
  readonly qemuImg: string
  readonly output: string
}

/** One way of doing it: commands that are run one after the other. */
type Variant = readonly (readonly string[])[]

export type Samples = ReadonlyMap<string, readonly Sample[]>

/** By variant: `spindle`, `qemu-img` and, where there are such, `qemu-img best`, `qemu-img synced`, `spindle unsynced`. */
export async function sampled(row: Row, rounds: number, programs: Programs): Promise<Samples> {
  const words = await row.prepare()
  const variants = [...variantsOf(row, words, programs)]
  const samples = new Map<string, Sample[]>(variants.map(([name]) => [name, []]))
  for (let round = 0; round < rounds; round += 1) {
    // Another order every round: whoever runs after a big writer pays for its pages.
    const start = round % variants.length
    for (const [name, variant] of [...variants.slice(start), ...variants.slice(0, start)]) {
      samples.get(name)?.push(await sample(variant, programs.output))
    }
  }
  row.clear?.()
  return samples
}

/** The middle of each figure; the highest of the memory. */
export function middle(samples: readonly Sample[]): Sample {
  return {
    wall: median(samples.map((one) => one.wall)),
    cpu: median(samples.map((one) => one.cpu)),
    peak: Math.max(...samples.map((one) => one.peak)),
    size: samples[0]?.size ?? 0,
  }
}

export function quickest(samples: readonly Sample[]): number {
  return Math.min(...samples.map((one) => one.wall))
}

function* variantsOf(
  row: Row,
  words: readonly string[],
  { spindle, qemuImg }: Programs,
): Generator<readonly [string, Variant]> {
  const [verb = '', ...rest] = words
  yield ['spindle', [[...spindle, ...words]]]
  yield ['qemu-img', row.each ? row.each.map((one) => [qemuImg, verb, one]) : [[qemuImg, ...words]]]
  if (row.bestFlags) yield ['qemu-img best', [[qemuImg, verb, ...row.bestFlags, ...rest]]]
  if (verb !== 'convert') return
  // As Spindle does it: what was written is durable when the program ends.
  yield ['qemu-img synced', [[qemuImg, verb, '-t', 'writeback', ...rest]]]
  // As qemu-img does it: what was written is left to the system.
  yield ['spindle unsynced', [[...spindle, verb, '-t', 'unsafe', ...rest]]]
}

async function sample(variant: Variant, output: string): Promise<Sample> {
  rmSync(output, { force: true })
  let [wall, cpu, peak] = [0, 0, 0]
  for (const command of variant) {
    const cost = await run(command)
    wall += cost.wall
    cpu += cost.cpu
    peak = Math.max(peak, cost.peak)
  }
  return { wall, cpu, peak, size: statSync(output, { throwIfNoEntry: false })?.size ?? 0 }
}
