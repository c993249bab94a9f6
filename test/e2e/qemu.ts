// QEMU's own programs on the images of a test: what they make, and what they say of ours.

import { spawnSync } from 'node:child_process'
import { open } from 'node:fs/promises'
import { expect } from '@playwright/test'
import { KiB } from '../../core/model/units.ts'
import { newestOracle } from '../helpers/oracles.ts'

const { qemuImg, qemuIo } = newestOracle()

/** Its output; it must have nothing to complain of. */
export function qemu(...args: readonly string[]): string {
  const { status, stdout, stderr } = spawnSync(qemuImg, args, { encoding: 'utf8' })
  expect(status, `qemu-img ${args.join(' ')}: ${stderr}`).toBe(0)
  return stdout
}

/** Its exit status, whatever it says. */
export function qemuStatus(...args: readonly string[]): number | null {
  return spawnSync(qemuImg, args).status
}

/** As a guest would: a pattern such as `0x11` over a range such as `0 1M`. */
export function write(image: string, pattern: string, range = '0 1M'): void {
  const { status, stdout } = spawnSync(qemuIo, ['-c', `write -P ${pattern} ${range}`, image], { encoding: 'utf8' })
  expect(status, stdout).toBe(0)
}

export function holds(image: string, pattern: string, range = '0 1M'): boolean {
  const { stdout } = spawnSync(qemuIo, ['-r', '-c', `read -P ${pattern} ${range}`, image], { encoding: 'utf8' })
  return !stdout.includes('verification failed')
}

interface Info {
  readonly 'virtual-size': number
  readonly 'full-backing-filename'?: string
  readonly snapshots?: readonly { readonly name: string }[]
}

export function info(image: string): Info {
  return JSON.parse(qemu('info', '--output=json', image)) as Info
}

/** Where the header says that the refcount table is. */
const REFCOUNT_TABLE = 48

/** Two of the last clusters of a qcow2 image are counted wrongly: one has no count, one has a count too many. */
export async function damageCounts(image: string): Promise<void> {
  await using file = await open(image, 'r+')
  const { size } = await file.stat()
  const word = Buffer.alloc(8)
  await file.read(word, 0, 8, REFCOUNT_TABLE)
  await file.read(word, 0, 8, Number(word.readBigUInt64BE()))
  const block = Number(word.readBigUInt64BE())
  const last = Math.floor(size / (64 * KiB)) - 1
  await file.write(Buffer.from([0, 0, 0, 2]), 0, 4, block + 2 * (last - 1))
}
