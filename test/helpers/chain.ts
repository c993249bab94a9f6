// Small backing chains with a random past, made by QEMU, and the end of a program in the middle of changing one.

import { copyFileSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileGate } from '../../core/image/gate.ts'
import type { OpenFile } from '../../core/image/gate.ts'
import { SpindleError } from '../../core/model/error.ts'
import type { FormatId } from '../../core/model/image.ts'
import { openSource, systemParts } from '../../core/operations/parts.ts'
import type { Parts } from '../../core/operations/parts.ts'
import { undo, undoState } from '../../core/operations/undo.ts'
import { openFile } from '../../core/storage/file.ts'
import { FaultyStorage } from './faulty-storage.ts'
import type { StorageCall } from './faulty-storage.ts'
import { Qemu } from './qemu.ts'
import type { Random } from './seeds.ts'

const KiB = 1024
const PIECE = 4 * KiB

export interface Link {
  readonly name: string
  readonly format: FormatId
}

/** A raw disk, partly filled. */
export function makeRaw(folder: string, name: string, random: Random): Link {
  const bytes = new Uint8Array(PIECE * (40 + random.below(400)))
  for (let count = 0; count < 6; count += 1) {
    const start = random.below(bytes.length - PIECE)
    bytes.set(random.bytes(Math.min(bytes.length - start, PIECE * (1 + random.below(12)))), start)
  }
  writeFileSync(join(folder, name), bytes)
  return { name, format: 'raw' }
}

/** A qcow2 image of any kind, on top of `below` or of nothing, with data, zeros and discards in it. */
export function makeLayer(qemu: Qemu, name: string, random: Random, below?: Link): Link {
  const compat = random.pick(['0.10', '1.1', '1.1'])
  const extended = compat === '1.1' && random.happens(0.4)
  const cluster = random.pick(extended ? [16, 64] : [4, 16, 64])
  const pieces = 40 + random.below(400)
  const options = [`compat=${compat}`, `cluster_size=${cluster}k`, ...(extended ? ['extended_l2=on'] : [])].join(',')
  const backing = below ? ['-b', below.name, '-F', below.format] : []
  qemu.img('create', '-q', '-f', 'qcow2', '-o', options, ...backing, name, `${pieces * 4}k`)
  qemu.io(
    name,
    Array.from({ length: 12 }, () => {
      const start = random.below(pieces)
      const length = Math.min(pieces - start, 1 + random.below(24))
      const [inside, sectors] = random.happens(0.5) ? [0, 0] : [random.below(7) * 512, 512]
      const place = `${start * PIECE + inside} ${length * PIECE - inside - (length * PIECE > inside + sectors ? sectors : 0)}`
      return random.pick([`write -P ${1 + random.below(255)} ${place}`, `write -z ${place}`, `discard ${place}`])
    }),
  )
  return { name, format: 'qcow2' }
}

/** A second folder with the same files. */
export function copyOf(qemu: Qemu, folder: string, links: readonly Link[]): Qemu {
  mkdirSync(folder, { recursive: true })
  for (const { name } of links) copyFileSync(join(qemu.folder, name), join(folder, name))
  return new Qemu(qemu.oracle, folder)
}

/** What the guest sees, as Spindle reads it. */
export async function contentOf(folder: string, { name, format }: Link): Promise<Buffer> {
  await using disk = await openSource(join(folder, name), format, systemParts())
  const bytes = Buffer.alloc(disk.size)
  await disk.read(0, bytes)
  return bytes
}

/** The same as QEMU reads it. */
export function contentByQemu(qemu: Qemu, { name, format }: Link): Uint8Array {
  return format === 'raw' ? readFileSync(join(qemu.folder, name)) : qemu.content(name)
}

const CHANGING = new Set<StorageCall>(['write', 'discard', 'zero', 'allocate', 'truncate'])

/** The real file system, on which no more than so many changes come through: whatever follows fails, putting back too. */
export function partsDyingAfter(changes: number): Parts & { readonly count: () => number } {
  let count = 0
  const onCall = (call: StorageCall): void => {
    if (!CHANGING.has(call)) return
    if (count >= changes) throw new SpindleError('io', 'The program is dead.')
    count += 1
  }
  const open: OpenFile = async (path, access) => new FaultyStorage(await openFile(path, access), { onCall })
  return { ...systemParts(), openFile: open, gate: fileGate(open), count: () => count }
}

/** What a user does after the machine went down. */
export async function putBack(folder: string, links: readonly Link[]): Promise<void> {
  for (const { name } of links) {
    const path = join(folder, name)
    const state = await undoState(path)
    if (state && !state.complete) await undo(path)
  }
}
