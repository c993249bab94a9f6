// QEMU and cryptsetup at work on encrypted images: the passphrase in a file beside them.

import { spawnSync } from 'node:child_process'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { PASSPHRASE } from './keyring.ts'
import type { Oracle } from './oracles.ts'

const PASSPHRASE_FILE = 'passphrase'

export class CryptTools {
  readonly folder: string

  constructor(folder: string) {
    this.folder = folder
    writeFileSync(join(folder, PASSPHRASE_FILE), PASSPHRASE)
  }

  /** `--object` for QEMU and Spindle alike; the id is `s`. */
  get secret(): readonly string[] {
    return ['--object', `secret,id=s,file=${join(this.folder, PASSPHRASE_FILE)}`]
  }

  img({ qemuImg }: Oracle, command: string, ...words: readonly string[]): string {
    // Short times are now and then too short for its clock.
    for (let attempt = 0; ; attempt += 1) {
      const result = this.#run(qemuImg, [command, ...this.secret, ...words])
      if (result.status === 0) return result.stdout
      if (attempt === 20 || !result.stderr.includes('accurate CPU usage'))
        throw new Error(`qemu-img ${command} ${words.join(' ')}: ${result.stderr}`)
    }
  }

  io({ qemuIo }: Oracle, image: string, commands: readonly string[]): void {
    const words = [...this.secret, '--image-opts', image, ...commands.flatMap((one) => ['-c', one])]
    const { status, stdout, stderr } = this.#run(qemuIo, words)
    const failed = (stdout + stderr).split('\n').find((line) => line !== '' && !/^(wrote|discard|[\d.]+ )/.test(line))
    if (status !== 0 || failed !== undefined) throw new Error(`qemu-io: ${failed ?? stderr}`)
  }

  cryptsetup(...words: readonly string[]): string {
    const { status, stdout, stderr } = this.#run('cryptsetup', ['-q', '--key-file', PASSPHRASE_FILE, ...words])
    if (status !== 0) throw new Error(`cryptsetup ${words.join(' ')}: ${stderr}`)
    return stdout
  }

  #run(command: string, words: readonly string[]): { status: number | null; stdout: string; stderr: string } {
    const environment = { ...process.env, PATH: `${process.env['PATH'] ?? ''}:/usr/sbin:/sbin` }
    const result = spawnSync(command, words, { cwd: this.folder, encoding: 'utf8', env: environment })
    return { status: result.status, stdout: result.stdout ?? '', stderr: result.stderr ?? '' }
  }
}

/** For `--image-opts`; `options` after the driver, such as a backing file’s secret. */
export function imageOptions(format: 'luks' | 'qcow2', name: string, options = ''): string {
  const key = format === 'luks' ? 'key-secret' : 'encrypt.key-secret'
  return `driver=${format},${key}=s,file.filename=${name}${options}`
}
