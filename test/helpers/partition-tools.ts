// Disks as the tools of a Linux system make them: partition tables and file systems, in plain files.

import { spawnSync } from 'node:child_process'
import { closeSync, ftruncateSync, openSync, readSync, writeSync } from 'node:fs'
import { isZero } from '../../core/transfer/zeros.ts'
import { MiB } from '../../core/model/units.ts'

/** Runs one of the tools, which many systems keep out of the way. */
export function tool(command: string, args: readonly string[], input?: string): string {
  const environment = { ...process.env, PATH: `${process.env['PATH'] ?? ''}:/usr/sbin:/sbin` }
  const result = spawnSync(command, args, { encoding: 'utf8', env: environment, ...(input !== undefined && { input }) })
  if (result.error) throw result.error
  if (result.status !== 0) throw new Error(`${command} ${args.join(' ')}: ${result.stderr}${result.stdout}`)
  return result.stdout
}

/** An empty file of this many bytes, all of it a hole. */
export function emptyFile(path: string, size: number): string {
  const file = openSync(path, 'w')
  ftruncateSync(file, size)
  closeSync(file)
  return path
}

/** A raw disk divided as the lines of an sfdisk script say. */
export function dividedDisk(path: string, size: number, lines: readonly string[]): string {
  emptyFile(path, size)
  tool('sfdisk', ['-q', path], `${lines.join('\n')}\n`)
  return path
}

/** Puts what `from` holds into `into` at `offset`; its zeros stay holes. */
export function placeInto(into: string, offset: number, from: string): void {
  const [source, target] = [openSync(from, 'r'), openSync(into, 'r+')]
  const bytes = new Uint8Array(MiB)
  for (let at = 0; ;) {
    const count = readSync(source, bytes, 0, bytes.length, at)
    if (count === 0) break
    const part = bytes.subarray(0, count)
    if (!isZero(part)) writeSync(target, part, 0, count, offset + at)
    at += count
  }
  closeSync(source)
  closeSync(target)
}

/** Writes these bytes into a file that is there. */
export function placeBytes(path: string, offset: number, bytes: Uint8Array): void {
  const file = openSync(path, 'r+')
  writeSync(file, bytes, 0, bytes.length, offset)
  closeSync(file)
}
