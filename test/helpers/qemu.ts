// QEMU's tools as tests use them: each call is one process, and what they cannot do is an error with their words.

import { spawnSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import type { Oracle } from './oracles.ts'

export interface CheckResult {
  readonly corruptions: number
  readonly leaks: number
  readonly errors: number
  /** What it printed of them. */
  readonly text: string
}

/** `qemu-img check`, which says with its exit code what it found: here it is only read. */
export function check(oracle: Oracle, path: string): CheckResult {
  const result = spawnSync(oracle.qemuImg, ['check', '-f', 'qcow2', '--output=json', path], { encoding: 'utf8' })
  if (result.status === null || result.status === 1) {
    throw new Error(`qemu-img ${oracle.version} could not check ${path}: ${result.stderr}`)
  }
  const found = JSON.parse(result.stdout) as Record<string, unknown>
  return {
    corruptions: Number(found['corruptions'] ?? 0),
    leaks: Number(found['leaks'] ?? 0),
    errors: Number(found['check-errors'] ?? 0),
    text: result.stderr,
  }
}

export function qemuImg(oracle: Oracle, ...words: readonly string[]): string {
  return run(oracle.qemuImg, words)
}

/** Carries out qemu-io commands on one image, all in one process. Fails at the first that fails. */
export function qemuIo(oracle: Oracle, words: readonly string[], commands: readonly string[]): string {
  const output = run(oracle.qemuIo, [...words, ...commands.flatMap((command) => ['-c', command])])
  // qemu-io goes on after a failed command and ends well.
  const failed = /^.*(failed|error|invalid).*$/im.exec(output)
  if (failed) throw new Error(`qemu-io ${oracle.version}: ${failed[0]}`)
  return output
}

/** The whole disk as QEMU reads it, by way of a raw file at `scratch`. */
export function qemuContent(oracle: Oracle, path: string, format: string, scratch: string): Uint8Array {
  qemuImg(oracle, 'convert', '-f', format, '-O', 'raw', path, scratch)
  return readFileSync(scratch)
}

function run(command: string, words: readonly string[]): string {
  const result = spawnSync(command, words, { encoding: 'utf8', maxBuffer: 2 ** 28 })
  if (result.status !== 0) {
    throw new Error(`${command} ${words.join(' ')} ended with ${result.status}: ${result.stderr}${result.error ?? ''}`)
  }
  return result.stdout + result.stderr
}
