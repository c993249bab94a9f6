// The files in a tar archive, which is what an OVA is (POSIX.1-2008 pax, with GNU's long names).

import { SpindleError } from '../model/error.ts'
import { roundUp } from '../model/units.ts'
import type { Storage } from '../storage/storage.ts'
import type { Stretch } from './member.ts'

const BLOCK = 512
const MAGIC = 'ustar'
/** An appliance has a handful of files; a list longer than this is none. */
const MOST_MEMBERS = 10_000
/** Bytes of extended header that are looked at. */
const LONGEST_HEADER = 1024 * 1024

export function isTar(head: Uint8Array): boolean {
  return head.length >= BLOCK && text(head, 257, 5) === MAGIC
}

/** Regular files only, in order. Throws `invalid-image` where the archive makes no sense. */
export async function tarMembers(storage: Storage): Promise<readonly Stretch[]> {
  const end = await storage.size()
  const members: Stretch[] = []
  let next: { name?: string; size?: number } = {}
  for (let position = 0; position + BLOCK <= end;) {
    const header = new Uint8Array(BLOCK)
    await storage.read(position, header)
    if (header.every((byte) => byte === 0)) return members
    if (!isTar(header) || !sumIsRight(header)) throw damaged(storage, position)
    const type = String.fromCharCode(header[156] ?? 0)
    const size = next.size ?? numberAt(header, 124, 12)
    const start = position + BLOCK
    if (size === undefined || size > end - start) throw damaged(storage, position)
    if (type === 'x' || type === 'L') {
      next = { ...next, ...(await extension(storage, start, size, type)) }
    } else if (type !== 'g') {
      const name = next.name ?? shortName(header)
      if (type === '0' || type === '\0') members.push({ name, offset: start, size })
      next = {}
    }
    if (members.length > MOST_MEMBERS) throw damaged(storage, position)
    position = start + roundUp(size, BLOCK)
  }
  return members
}

function shortName(header: Uint8Array): string {
  const prefix = text(header, 345, 155)
  const name = text(header, 0, 100)
  return prefix === '' ? name : `${prefix}/${name}`
}

/** A name or a size too long for the header that follows. */
async function extension(
  storage: Storage,
  start: number,
  size: number,
  type: 'x' | 'L',
): Promise<{ name?: string; size?: number }> {
  const bytes = new Uint8Array(Math.min(size, LONGEST_HEADER))
  await storage.read(start, bytes)
  const content = text(bytes, 0, bytes.length)
  if (type === 'L') return { name: content }
  const record = (key: string): string | undefined => new RegExp(`^\\d+ ${key}=(.*)$`, 'm').exec(content)?.[1]
  const name = record('path')
  const length = Number(record('size') ?? Number.NaN)
  return { ...(name !== undefined && { name }), ...(Number.isSafeInteger(length) && length >= 0 && { size: length }) }
}

/** Octal digits, or, with the highest bit set, a number in base 256. */
function numberAt(header: Uint8Array, offset: number, length: number): number | undefined {
  const first = header[offset] ?? 0
  let value = 0
  if (first >= 0x80) {
    for (const byte of header.subarray(offset + 1, offset + length)) value = value * 256 + byte
  } else {
    const digits = text(header, offset, length).trim()
    if (!/^[0-7]+$/.test(digits)) return undefined
    value = Number.parseInt(digits, 8)
  }
  return Number.isSafeInteger(value) ? value : undefined
}

function sumIsRight(header: Uint8Array): boolean {
  let sum = 0
  header.forEach((byte, index) => {
    sum += index >= 148 && index < 156 ? 0x20 : byte
  })
  return numberAt(header, 148, 8) === sum
}

/** Up to the first zero byte. */
function text(bytes: Uint8Array, offset: number, length: number): string {
  const field = bytes.subarray(offset, offset + length)
  const end = field.indexOf(0)
  return new TextDecoder().decode(end < 0 ? field : field.subarray(0, end))
}

function damaged(storage: Storage, offset: number): SpindleError {
  return new SpindleError(
    'invalid-image',
    `${storage.name} is damaged: at byte ${offset} there is no valid entry of a tar archive. Nothing was changed. Fetch the file again.`,
    { path: storage.name, offset },
  )
}
