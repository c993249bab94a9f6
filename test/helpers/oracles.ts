// The programs our images are judged by.

import { spawnSync } from 'node:child_process'
import { chmodSync, existsSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { delimiter, join } from 'node:path'
import { fileURLToPath } from 'node:url'

/** Kept between runs, never committed. */
export const CACHE = fileURLToPath(new URL('../.cache/', import.meta.url))
/** Where Debian 12's backported QEMU is unpacked. */
export const NEW_QEMU = join(CACHE, 'qemu-backports')

export interface Oracle {
  /** As it says of itself: `10.0.2`. */
  readonly version: string
  readonly qemuImg: string
  readonly qemuIo: string
}

/** The installed qemu-img, and on Debian 12 the one of backports beside it. Throws when there is none. */
export function oracles(): readonly Oracle[] {
  known ??= findOracles()
  return known
}

let known: readonly Oracle[] | undefined

function findOracles(): readonly Oracle[] {
  const folders = [...(process.env['PATH'] ?? '').split(delimiter), join(NEW_QEMU, 'usr/bin')]
  const found = new Map<string, Oracle>()
  for (const folder of folders) {
    const qemuImg = join(folder, 'qemu-img')
    const qemuIo = join(folder, 'qemu-io')
    if (!existsSync(qemuImg) || !existsSync(qemuIo)) continue
    const version = /version (\d+\.\d+\.\d+)/.exec(spawnSync(qemuImg, ['--version'], { encoding: 'utf8' }).stdout)?.[1]
    if (version === undefined || found.has(version)) continue
    found.set(version, { version, qemuImg: standIn() ?? qemuImg, qemuIo })
  }
  if (found.size === 0) throw new Error('There is no qemu-img: run `npm test` once, or install qemu-utils.')
  return [...found.values()]
}

/**
 * With `SPINDLE_AS_QEMU_IMG=yes` our own command line, called qemu-img, takes its place: whatever the tests ask of
 * qemu-img it must do as well, with the real qemu-io as the other side. Needs `npm run build`.
 */
function standIn(): string | undefined {
  if (process.env['SPINDLE_AS_QEMU_IMG'] !== 'yes') return undefined
  const folder = mkdtempSync(join(tmpdir(), 'spindle-as-qemu-img-'))
  process.on('exit', () => rmSync(folder, { recursive: true, force: true }))
  mkdirSync(join(folder, 'link'))
  symlinkSync(fileURLToPath(new URL('../../out/cli/spindle.js', import.meta.url)), join(folder, 'link/qemu-img'))
  const program = join(folder, 'qemu-img')
  writeFileSync(program, `#!/bin/sh\nexec '${process.execPath}' '${join(folder, 'link/qemu-img')}' "$@"\n`)
  chmodSync(program, 0o755)
  return program
}

/** The newest oracle: whose output is the reference. */
export function newestOracle(): Oracle {
  const [newest] = [...oracles()].toSorted((a, b) => b.version.localeCompare(a.version, 'en', { numeric: true }))
  if (!newest) throw new Error('There is no qemu-img.')
  return newest
}
