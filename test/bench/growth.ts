// How cost grows with size: the same operations on images of 1, 10, 100 and 1000 GiB, and on libraries as many times as large.

import { existsSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { createEngine } from '../../core/index.ts'
import type { EngineEvents } from '../../core/model/engine.ts'
import { GiB } from '../../core/model/units.ts'
import { median, run } from './measure.ts'
import { plot } from './plot.ts'
import { create, manySmall, scattered } from './sources.ts'

const SCALES = [1, 10, 100, 1000] as const

export interface Growth {
  readonly operation: string
  readonly points: readonly { readonly scale: number; readonly wall: number }[]
}

export interface GrowthSetting {
  readonly work: string
  readonly spindle: readonly string[]
  readonly qemuImg: string
  readonly rounds: number
}

/** Prints a table and draws `bench-growth.svg`. */
export async function growth(setting: GrowthSetting): Promise<readonly Growth[]> {
  const found = [...(await onImages(setting)), await onLibraries(setting)]
  console.log('Seconds by size in GiB (of the library: by ten volumes).')
  console.table(
    found.map(({ operation, points }) => ({
      operation,
      ...Object.fromEntries(points.map(({ scale, wall }) => [`× ${scale}`, wall.toFixed(3)])),
    })),
  )
  writeFileSync('bench-growth.svg', plot(found))
  return found
}

async function onImages({ work, spindle, qemuImg, rounds }: GrowthSetting): Promise<readonly Growth[]> {
  const image = join(work, 'growing.qcow2')
  const kept = join(work, 'kept.qcow2')
  const output = join(work, 'grown.qcow2')
  const makers = {
    // As much data in each as in proportion to its size, a cluster here and there.
    sparse: async (scale: number) => scattered(qemuImg, kept, scale * GiB, scale * 16),
    preallocated: async (scale: number) => create(qemuImg, kept, scale * GiB, '-o', 'preallocation=metadata'),
  }
  const operations: readonly (readonly [name: string, ...words: string[]])[] = [
    ['convert', 'convert', '-f', 'qcow2', '-O', 'qcow2', image, output],
    ['check', 'check', '-q', '-f', 'qcow2', image],
    ['map', 'map', '--output=json', '-f', 'qcow2', image],
    ['snapshot, taken', 'snapshot', '-c', 'one', image],
    ['snapshot, deleted', 'snapshot', '-d', 'one', image],
  ]
  const found: { operation: string; points: { scale: number; wall: number }[] }[] = []
  for (const [kind, make] of Object.entries(makers)) {
    const growths = operations.map(([name]) => ({
      operation: `${name}, ${kind}`,
      points: [] as Growth['points'][number][],
    }))
    for (const scale of SCALES) {
      await make(scale)
      const walls = operations.map((): number[] => [])
      for (let round = 0; round < rounds; round += 1) {
        // With its holes.
        await run(['cp', '--sparse=always', kept, image])
        for (const [index, [, ...words]] of operations.entries()) {
          rmSync(output, { force: true })
          walls[index]?.push((await run([...spindle, ...words])).wall)
        }
      }
      for (const [index, one] of growths.entries()) one.points.push({ scale, wall: median(walls[index] ?? []) })
      rmSync(kept)
    }
    found.push(...growths)
  }
  for (const path of [image, output]) if (existsSync(path)) rmSync(path)
  return found
}

/** Until every row of a folder that is new to the library has been told. */
async function onLibraries({ work, qemuImg }: GrowthSetting): Promise<Growth> {
  const points = []
  for (const scale of SCALES) {
    const folder = join(work, `library-${scale}`)
    const paths = manySmall(qemuImg, folder, scale * 10)
    const started = performance.now()
    await scanned(folder, paths.length)
    points.push({ scale, wall: (performance.now() - started) / 1000 })
    rmSync(folder, { recursive: true })
  }
  return { operation: 'library, looked through', points }
}

async function scanned(folder: string, count: number): Promise<void> {
  const told = new Set<string>()
  const complete = Promise.withResolvers<void>()
  const engine = createEngine({
    emit: (name, value) => {
      const event = value as EngineEvents['library']
      if (name !== 'library' || event.kind !== 'volumes') return
      for (const { path } of event.volumes) told.add(path)
      if (told.size === count) complete.resolve()
    },
  })
  await engine.setPlaces([folder])
  await complete.promise
  await engine.close()
}
