// The rows for a file system whose files can share blocks: an XFS of its own, where it may be mounted.

import { spawnSync } from 'node:child_process'
import { copyFileSync, mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { GiB } from '../../core/model/units.ts'
import type { Row } from './rows.ts'

/** Calls `measure` with each row and where it writes. Says so, and answers with nothing, where that cannot be. */
export async function onReflinks<T>(
  work: string,
  disk: string,
  measure: (row: Row, output: string) => Promise<T | undefined>,
): Promise<readonly T[]> {
  const folder = join(work, 'xfs')
  const problem = mount(join(work, 'xfs.img'), folder)
  if (problem !== undefined) {
    console.log(`Not measured: file systems with reflinks (${problem}).`)
    return []
  }
  try {
    const source = join(folder, 'disk.img')
    const output = join(folder, 'output')
    copyFileSync(disk, source)
    const words = ['convert', '-f', 'raw', '-O', 'qcow2', source, output]
    const plain = ['convert', '-f', 'raw', '-O', 'raw', source, output]
    const rows: readonly Row[] = [
      { name: 'raw → qcow2, reflinks', prepare: () => words, bestFlags: ['-C'] },
      { name: 'raw → raw, reflinks', prepare: () => plain, bestFlags: ['-C'] },
    ]
    const results: T[] = []
    for (const row of rows) {
      const result = await measure(row, output)
      if (result !== undefined) results.push(result)
    }
    return results
  } finally {
    spawnSync('umount', [folder])
  }
}

/** Returns why it could not be done. */
function mount(image: string, folder: string): string | undefined {
  mkdirSync(folder)
  const steps = [
    ['truncate', '-s', String(6 * GiB), image],
    ['mkfs.xfs', '-q', '-m', 'reflink=1', image],
    ['mount', '-o', 'loop', image, folder],
  ]
  const path = `${process.env['PATH'] ?? ''}:/usr/sbin:/sbin`
  for (const [command = '', ...words] of steps) {
    const { status, stderr } = spawnSync(command, words, { encoding: 'utf8', env: { ...process.env, PATH: path } })
    if (status !== 0) return stderr?.trim() || `${command} is not there`
  }
  return undefined
}
