// A folder of images as crashes leave it: once what was cut off is put back, each image is as before or as after.

import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect } from 'vitest'
import { dangersOf, stateOf } from './chain-states.ts'
import { putBack } from './chain.ts'
import type { Link } from './chain.ts'
import { layOut } from './recorded-files.ts'
import type { RecordedFiles } from './recorded-files.ts'
import { scratchFolder } from './scratch.ts'
import { tally } from './tally.ts'

export interface Crashes {
  readonly links: readonly Link[]
  /** The folder as the operation has left it. */
  readonly after: string
  readonly seed: number
  /** How many are looked at. */
  readonly limit: number
}

/** A file that is to be made may also not be there. Returns how many crashes were looked at. */
export async function expectWhole(recording: RecordedFiles, { links, after, seed, limit }: Crashes): Promise<number> {
  const wanted = await states(after, links)
  const crashed = scratchFolder()
  layOut(crashed, recording.initial)
  const before = await states(crashed, links)
  let count = 0
  for await (const { description, files } of recording.crashStates({ seed, limit })) {
    layOut(crashed, files)
    await putBack(
      crashed,
      links.filter(({ name }) => files.has(name)),
    )
    const found = await states(crashed, links)
    for (const [index, link] of links.entries()) {
      const what = `${link.name}, ${description}`
      expect([before[index], wanted[index]], what).toContain(found[index])
      if (!isUntouched(crashed, link, recording.initial)) expect(await dangersOf(crashed, link), what).toEqual([])
    }
    count += 1
  }
  tally('crashes', count)
  return count
}

async function states(folder: string, links: readonly Link[]): Promise<readonly string[]> {
  const found: string[] = []
  for (const link of links) found.push(existsSync(join(folder, link.name)) ? await stateOf(folder, link) : 'not there')
  return found
}

/** Byte for byte as it was, so that what was wrong with it still is. */
function isUntouched(folder: string, { name }: Link, initial: ReadonlyMap<string, Uint8Array>): boolean {
  const path = join(folder, name)
  if (!existsSync(path)) return true
  return Buffer.compare(readFileSync(path), initial.get(name) ?? Buffer.alloc(0)) === 0
}
