// The images that benchmarks read: as users have them after years, not as a fresh conversion leaves them.

import { spawnSync } from 'node:child_process'
import { closeSync, copyFileSync, mkdirSync, openSync, readSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { KiB } from '../../core/model/units.ts'
import { openImage } from '../interop/history.ts'
import { randomFrom } from '../helpers/seeds.ts'
import type { Random } from '../helpers/seeds.ts'

const CLUSTER = 64 * KiB

/** A qcow2 image of a raw disk whose clusters lie in random order: written to for years. */
export async function fragmented(qemuImg: string, disk: string, path: string): Promise<void> {
  const { size } = statSync(disk)
  create(qemuImg, path, size)
  const file = openSync(disk, 'r')
  const bytes = new Uint8Array(CLUSTER)
  await using image = await openImage(path, 'qcow2', 'write')
  for (const cluster of shuffled(Math.floor(size / CLUSTER), randomFrom(1))) {
    readSync(file, bytes, 0, CLUSTER, cluster * CLUSTER)
    if (bytes.some((byte) => byte !== 0)) await image.write(cluster * CLUSTER, bytes)
  }
  await image.flush()
  closeSync(file)
}

/** A qcow2 image of `size` bytes with `count` clusters somewhere in it, each with a table of its own where there is room. */
export async function scattered(qemuImg: string, path: string, size: number, count: number): Promise<void> {
  create(qemuImg, path, size)
  const random = randomFrom(2)
  await using image = await openImage(path, 'qcow2', 'write')
  for (let done = 0; done < count; done += 1) {
    await image.write(random.below(size / CLUSTER) * CLUSTER, random.bytes(CLUSTER))
  }
  await image.flush()
}

/** So many small qcow2 images in a folder. */
export function manySmall(qemuImg: string, folder: string, count: number): readonly string[] {
  mkdirSync(folder, { recursive: true })
  const first = join(folder, 'disk-0.qcow2')
  create(qemuImg, first, 1024 * KiB)
  return Array.from({ length: count }, (_, index) => {
    const path = join(folder, `disk-${index}.qcow2`)
    if (index > 0) copyFileSync(first, path)
    return path
  })
}

export function create(qemuImg: string, path: string, size: number, ...options: readonly string[]): void {
  const words = ['create', '-q', '-f', 'qcow2', ...options, path, String(size)]
  const { status, stderr } = spawnSync(qemuImg, words, { encoding: 'utf8' })
  if (status !== 0) throw new Error(stderr)
}

function shuffled(count: number, random: Random): readonly number[] {
  const order = Array.from({ length: count }, (_, index) => index)
  for (let last = count - 1; last > 0; last -= 1) {
    const other = random.below(last + 1)
    const [here = 0, there = 0] = [order[last], order[other]]
    order[last] = there
    order[other] = here
  }
  return order
}
