// What every kind of file system is recognised by: its superblock, in the first bytes of where it lies.

import type { Field } from '../../bytes/field.ts'
import type { Structure, ValuesOf } from '../../bytes/structure.ts'
import type { FileSystemFacts } from '../../model/contents.ts'
import { SpindleError } from '../../model/error.ts'
import type { DiskReader } from '../disk-reader.ts'

/** Bytes a probe is given: the last that are looked at belong to Btrfs, whose superblock starts at 64 KiB. */
export const HEAD_SIZE = 72 * 1024

/** `head` is HEAD_SIZE bytes long. Undefined where it is something else, or says what cannot be. */
export type Probe = (
  head: Uint8Array,
  reader: DiskReader,
) => FileSystemFacts | undefined | Promise<FileSystemFacts | undefined>

/** Undefined where it holds numbers past all sense: the signature is there by chance, or what it began is gone. */
export function decoded<F extends Readonly<Record<string, Field<unknown>>>>(
  structure: Structure<F>,
  head: Uint8Array,
  offset = 0,
): ValuesOf<Structure<F>> | undefined {
  try {
    return structure.decode(head.subarray(offset), { path: structure.title, offset })
  } catch (error) {
    if (error instanceof SpindleError && error.code === 'invalid-image') return undefined
    throw error
  }
}

export function hasText(head: Uint8Array, offset: number, text: string): boolean {
  return Array.from(text).every((one, index) => head[offset + index] === one.charCodeAt(0))
}

export function viewOf(bytes: Uint8Array): DataView {
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.length)
}

/** 16 bytes as they come, as Linux writes UUIDs. */
export function uuidText(bytes: Uint8Array): string | undefined {
  if (bytes.every((byte) => byte === 0)) return undefined
  return hexText(bytes).replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, '$1-$2-$3-$4-$5')
}

export function hexText(bytes: Uint8Array): string {
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join('')
}

/** Eight hexadecimal digits in two halves, as the serial number of FAT and exFAT is written. */
export function serialText(serial: number): string | undefined {
  if (serial === 0) return undefined
  return serial
    .toString(16)
    .toUpperCase()
    .padStart(8, '0')
    .replace(/^(....)/, '$1-')
}

/** What of this is known. */
export function named(label: string, uuid: string | undefined): { readonly label?: string; readonly uuid?: string } {
  const shown = label.trim()
  return { ...(shown !== '' && { label: shown }), ...(uuid !== undefined && { uuid }) }
}

/** The size, and what of it is in use where the two can both be true. */
export function filled(size: number, free: number | undefined): { readonly size: number; readonly used?: number } {
  const holds = free !== undefined && Number.isSafeInteger(free) && free >= 0 && free <= size
  return { size, ...(holds && { used: size - free }) }
}

/** Bits that are set. */
export function countBits(bytes: Uint8Array): number {
  let count = 0
  for (let byte of bytes) for (; byte > 0; byte &= byte - 1) count += 1
  return count
}
