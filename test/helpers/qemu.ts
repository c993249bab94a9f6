// QEMU's tools as tests use them: each call is one process, and what they cannot do is an error with their words.

import { spawnSync } from 'node:child_process'
import { readFileSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import type { CheckTotals } from '../../core/model/check.ts'
import type { Oracle } from './oracles.ts'

export interface CheckResult {
  readonly corruptions: number
  readonly leaks: number
  readonly errors: number
  /** What it printed of them. */
  readonly text: string
}

/** One version of QEMU at work in one folder; file names are relative to that. */
export class Qemu {
  readonly oracle: Oracle
  readonly folder: string
  /** Of the images that are checked, read and written. */
  readonly format: string

  constructor(oracle: Oracle, folder: string, format = 'qcow2') {
    this.oracle = oracle
    this.folder = folder
    this.format = format
  }

  img(...words: readonly string[]): string {
    return this.#run(this.oracle.qemuImg, words)
  }

  /** Carries out qemu-io commands on one image, all in one process. Throws at the first that fails. */
  io(name: string, commands: readonly string[]): void {
    const output = this.#run(this.oracle.qemuIo, ['-f', this.format, ...commands.flatMap((one) => ['-c', one]), name])
    // qemu-io goes on after a failed command, and most of them leave its exit code alone.
    const failed = output.split('\n').find((line) => line !== '' && !/^(wrote|read|discard|[\d.]+ )/.test(line))
    if (failed !== undefined) throw new Error(`qemu-io ${this.oracle.version}: ${failed}`)
  }

  /** What `check` finds; its exit code says the same once more. */
  check(name: string): CheckResult {
    const words = ['check', '-f', this.format, '--output=json', name]
    const result = spawnSync(this.oracle.qemuImg, words, { cwd: this.folder, encoding: 'utf8' })
    if (result.status === null || result.status === 1) {
      throw new Error(`qemu-img ${this.oracle.version} could not check ${name}: ${result.stderr}`)
    }
    const found = JSON.parse(result.stdout) as Record<string, unknown>
    return {
      corruptions: Number(found['corruptions'] ?? 0),
      leaks: Number(found['leaks'] ?? 0),
      errors: Number(found['check-errors'] ?? 0),
      text: result.stderr,
    }
  }

  /** All that `check` counts; undefined when it cannot open the image, gives up on it or crashes. */
  totals(name: string): CheckTotals | undefined {
    const words = ['check', '-f', this.format, '--output=json', name]
    const { stdout, status } = spawnSync(this.oracle.qemuImg, words, { cwd: this.folder, encoding: 'utf8' })
    if (status === 1 || status === null || stdout === '') return undefined
    return totalsOf(stdout)
  }

  /** The whole disk as QEMU reads it; `words` may name a snapshot. */
  content(name: string, ...words: readonly string[]): Uint8Array {
    const scratch = join(this.folder, `${name}.converted`)
    this.img('convert', '-f', this.format, '-O', 'raw', ...words, name, scratch)
    const bytes = readFileSync(scratch)
    rmSync(scratch)
    return bytes
  }

  json(...words: readonly string[]): unknown {
    return JSON.parse(this.img(...words, '--output=json'))
  }

  #run(command: string, words: readonly string[]): string {
    const result = spawnSync(command, words, { cwd: this.folder, encoding: 'utf8', maxBuffer: 2 ** 28 })
    if (result.status === 0) return result.stdout + result.stderr
    throw new Error(`${command} ${words.join(' ')} ended with ${result.status}: ${result.stdout}${result.stderr}`)
  }
}

/** What `check --output=json` printed. */
export function totalsOf(text: string): CheckTotals {
  const found = JSON.parse(text) as Record<string, number | undefined>
  return {
    imageEndOffset: found['image-end-offset'] ?? 0,
    totalClusters: found['total-clusters'] ?? 0,
    allocatedClusters: found['allocated-clusters'] ?? 0,
    fragmentedClusters: found['fragmented-clusters'] ?? 0,
    compressedClusters: found['compressed-clusters'] ?? 0,
    corruptions: found['corruptions'] ?? 0,
    leaks: found['leaks'] ?? 0,
    checkErrors: found['check-errors'] ?? 0,
  }
}
