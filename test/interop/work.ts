// Random work on a disk in qemu-io's commands: one process does a whole batch.

import type { Random } from '../helpers/seeds.ts'
import { randomRange } from '../helpers/disk-model.ts'

export interface BatchSpec {
  /** Bytes. */
  readonly size: number
  readonly clusterSize: number
  readonly count: number
  /** A file whose content is written over and over. */
  readonly pattern: string
  /** Clusters that hold nothing yet: only those can be written packed. Emptied as they are used. */
  readonly untouched?: Set<number>
}

export function randomBatch(
  random: Random,
  { size, clusterSize, count, pattern, untouched }: BatchSpec,
): readonly string[] {
  const commands: string[] = []
  for (let step = 0; step < count; step += 1) {
    const { offset, length } = randomRange(random, size, clusterSize)
    const chance = random.below(100)
    if (chance < 20 && untouched) {
      const cluster = random.pick([...untouched, -1])
      if (cluster >= 0) {
        untouched.delete(cluster)
        // A packed write past the end of a disk that ends inside a cluster is cut there.
        const room = Math.min(clusterSize, size - cluster * clusterSize)
        commands.push(`write -c ${content(random, pattern)} ${cluster * clusterSize} ${room}`)
      }
      continue
    }
    if (length === 0) continue
    for (let at = Math.floor(offset / clusterSize); at * clusterSize < offset + length; at += 1) untouched?.delete(at)
    if (chance < 65) commands.push(`write ${content(random, pattern)} ${offset} ${length}`)
    else if (chance < 75) commands.push(`write -z ${offset} ${length}`)
    else if (chance < 85) commands.push(`write -z -u ${offset} ${length}`)
    else commands.push(`discard ${offset} ${length}`)
  }
  return commands
}

function content(random: Random, pattern: string): string {
  return random.happens(0.5) ? `-P ${1 + random.below(255)}` : `-s ${pattern}`
}
