// What a folder of images says after a kill: the bytes of each, what they mean, and what QEMU thinks of them.

import { spawnSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { existsSync, readFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { detectDriver } from '../../../core/image/detect.ts'
import { openSource, systemParts } from '../../../core/operations/parts.ts'
import { stateOf } from '../../helpers/chain-states.ts'
import { newestOracle } from '../../helpers/oracles.ts'

const { qemuImg } = newestOracle()

/** Hashes of images by name; those that are not there have none. */
export type Bytes = ReadonlyMap<string, string>

export function bytesOf(folder: string, names: readonly string[]): Bytes {
  return new Map(
    names
      .filter((name) => existsSync(join(folder, name)))
      .map((name) => [
        name,
        createHash('sha256')
          .update(readFileSync(join(folder, name)))
          .digest('hex'),
      ]),
  )
}

/** Looking into the same bytes twice tells nothing new. */
const known = new Map<string, string>()

/** All that the image holds, as one word; throws where QEMU finds it damaged. */
export async function meaningOf(folder: string, name: string, bytes: Bytes): Promise<string> {
  if (!bytes.has(name)) return 'not there'
  // A part of an image is no image.
  if (/-s\d+\.vmdk$/.test(name)) return 'there'
  const key = JSON.stringify([name, [...bytes]])
  const before = known.get(key)
  if (before !== undefined) return before
  const path = join(folder, name)
  const format = await formatOf(path)
  checkByQemu(path, format)
  const meaning =
    format === 'qcow2' || format === 'raw' ? await stateOf(folder, { name, format }) : await content(path, format)
  known.set(key, meaning)
  return meaning
}

async function formatOf(path: string): Promise<string> {
  const parts = systemParts()
  await using storage = await parts.openFile(path, 'read')
  return (await detectDriver(parts, storage)).format
}

async function content(path: string, format: string): Promise<string> {
  await using disk = await openSource(path, format, systemParts())
  const bytes = new Uint8Array(disk.size)
  await disk.read(0, bytes)
  return `${format} ${disk.size} ${createHash('sha256').update(bytes).digest('hex')}`
}

/** Leaks are lost room and nothing else; some formats have nothing to check. */
const FINE = new Set([0, 3, 63])

function checkByQemu(path: string, format: string): void {
  if (format === 'raw') return
  const { status, stdout, stderr } = spawnSync(qemuImg, ['check', '-f', format, path], {
    cwd: dirname(path),
    encoding: 'utf8',
  })
  if (!FINE.has(status ?? -1)) throw new Error(`QEMU finds ${path} damaged: ${stdout}${stderr}`)
}
