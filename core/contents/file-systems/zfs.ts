// ZFS: a member of a pool, by the name-value list in its first label.

import type { FileSystemFacts } from '../../model/contents.ts'
import { named, viewOf } from './probe.ts'

/** Behind 8 KiB of nothing and 8 KiB for a boot loader. */
const LIST = 16 * 1024
const LIST_SIZE = 4096
/** Encoded as XDR, by a little- or big-endian system. */
const HEADS = [0x01_01_00_00, 0x01_00_00_00]

export function probeZfs(head: Uint8Array): FileSystemFacts | undefined {
  const view = viewOf(head.subarray(LIST, LIST + LIST_SIZE))
  if (!HEADS.includes(view.getUint32(0))) return undefined
  let label: string | undefined
  let pool: bigint | undefined
  // Two words of version and flags, then pairs: encoded length, decoded length, name, type, count, value.
  for (let at = 12; at + 12 <= LIST_SIZE;) {
    const length = view.getUint32(at)
    if (length < 24 || length > LIST_SIZE - at) break
    const name = stringAt(view, at + 8)
    const value = at + 8 + 4 + padded(name.length) + 8
    if (value + 8 > LIST_SIZE) break
    if (name === 'name') label = stringAt(view, value)
    if (name === 'pool_guid') pool = view.getBigUint64(value)
    at += length
  }
  if (pool === undefined) return undefined
  return { kind: 'zfs', ...named(label ?? '', String(pool)) }
}

function stringAt(view: DataView, at: number): string {
  const length = Math.min(view.getUint32(at), 256, view.byteLength - at - 4)
  return new TextDecoder().decode(new Uint8Array(view.buffer, view.byteOffset + at + 4, Math.max(0, length)))
}

function padded(length: number): number {
  return Math.ceil(length / 4) * 4
}
