// The undo log: what an image held before it was changed in place, so that a change can be taken back byte for byte.

import { createHash } from 'node:crypto'
import { crc32 } from 'node:zlib'
import { SpindleError } from '../model/error.ts'
import type { Storage } from './storage.ts'

/*
 * Layout, little endian:
 *   0   8  magic "SPNDUNDO"
 *   8   4  version 1
 *  12   4  state: 1 while the change is being made, 2 once it is complete
 *  16   8  size of the image before the change, bytes
 *  24   8  size of the image after it (state 2)
 *  32  32  SHA-256 of what all recorded ranges hold after the change (state 2)
 *  64   4  CRC-32 of bytes 0..63
 * 512      records, each {u64 offset, u32 length, u32 CRC-32 of offset, length and data, data}
 */
const MAGIC = Buffer.from('SPNDUNDO', 'latin1')
const VERSION = 1
const HEADER_SIZE = 512
const CHECKED = 64
const RECORD_HEAD = 16
const CHANGING = 1
const COMPLETE = 2

/** Bytes saved at a time: a write anywhere in a block saves all of it, once. */
export const UNDO_BLOCK = 4096

export interface UndoState {
  /** False after a crash in the middle of the change. */
  readonly complete: boolean
  /** Size of the image before the change, in bytes. */
  readonly size: number
  /** Whether the image still is as the change left it; always true for an incomplete one. */
  readonly matches: boolean
}

interface LogHeader {
  readonly state: number
  readonly sizeBefore: number
  readonly sizeAfter: number
  readonly fingerprint: Uint8Array
}

/** Starts the log for a change of `image`. The log storage must be new and empty. Durable when this returns. */
export async function startUndoLog(log: Storage, image: Storage): Promise<void> {
  const sizeBefore = await image.size()
  await log.write(0, encodeHeader({ state: CHANGING, sizeBefore, sizeAfter: 0, fingerprint: new Uint8Array(32) }))
  await log.flush()
}

/** Appends what a range held before. Durable only after the log's flush. Returns where the next record goes. */
export async function appendRecord(log: Storage, position: number, offset: number, data: Uint8Array): Promise<number> {
  const record = Buffer.alloc(RECORD_HEAD + data.length)
  record.writeBigUInt64LE(BigInt(offset), 0)
  record.writeUInt32LE(data.length, 8)
  record.set(data, RECORD_HEAD)
  record.writeUInt32LE(recordCrc(record), 12)
  await log.write(position, record)
  return position + record.length
}

export const FIRST_RECORD = HEADER_SIZE

/** Marks the change as complete: from now on the log is an offer to undo, no longer a duty. */
export async function completeUndoLog(log: Storage, image: Storage): Promise<void> {
  const { sizeBefore } = await readHeader(log)
  const fingerprint = await fingerprintOf(log, image)
  await log.write(0, encodeHeader({ state: COMPLETE, sizeBefore, sizeAfter: await image.size(), fingerprint }))
  await log.flush()
}

/** Whether the change was completed; undefined when the log was never started. Looks at the log alone. */
export async function isChangeComplete(log: Storage): Promise<boolean | undefined> {
  const header = await readHeader(log).catch(() => undefined)
  return header && header.state === COMPLETE
}

/** Undefined when the log was never started: the crash came before anything was changed. */
export async function readUndoState(log: Storage, image: Storage): Promise<UndoState | undefined> {
  const header = await readHeader(log).catch(() => undefined)
  if (!header) return undefined
  const complete = header.state === COMPLETE
  const matches =
    !complete ||
    ((await image.size()) === header.sizeAfter &&
      Buffer.compare(await fingerprintOf(log, image), header.fingerprint) === 0)
  return { complete, size: header.sizeBefore, matches }
}

/**
 * Puts everything back as it was before the change. May be run again after a crash in the middle of it. Throws
 * `differs` and changes nothing when the image was changed by someone else after a complete change.
 */
export async function rollBack(log: Storage, image: Storage): Promise<void> {
  const state = await readUndoState(log, image)
  if (!state) return
  if (!state.matches) {
    throw new SpindleError(
      'differs',
      `${image.name} was changed since, so what was done cannot be undone any more. Nothing was changed.`,
      { path: image.name },
    )
  }
  if (state.complete) await reopen(log)
  for await (const record of records(log)) await image.write(record.offset, record.data)
  await image.truncate(state.size)
  await image.flush()
}

/** An undo that is cut short must be finished, not refused: the image matches neither state in between. */
async function reopen(log: Storage): Promise<void> {
  await log.write(0, encodeHeader({ ...(await readHeader(log)), state: CHANGING }))
  await log.flush()
}

/** All whole records; what a crash cut off at the end was not yet needed, since its range had not been overwritten. */
async function* records(log: Storage): AsyncGenerator<{ offset: number; data: Uint8Array }> {
  const size = await log.size()
  for (let position = HEADER_SIZE; position + RECORD_HEAD <= size;) {
    const head = Buffer.alloc(RECORD_HEAD)
    await log.read(position, head)
    const length = head.readUInt32LE(8)
    if (length === 0 || position + RECORD_HEAD + length > size) return
    const record = Buffer.alloc(RECORD_HEAD + length)
    await log.read(position, record)
    if (record.readUInt32LE(12) !== recordCrc(record)) return
    yield { offset: Number(record.readBigUInt64LE(0)), data: record.subarray(RECORD_HEAD) }
    position += record.length
  }
}

function recordCrc(record: Buffer): number {
  return crc32(record.subarray(RECORD_HEAD), crc32(record.subarray(0, 12)))
}

/** Undoing touches the recorded ranges and nothing else, so it is safe exactly while these are as the change left them. */
async function fingerprintOf(log: Storage, image: Storage): Promise<Uint8Array> {
  const hash = createHash('sha256')
  for await (const { offset, data } of records(log)) {
    const now = new Uint8Array(data.length)
    const length = await image.read(offset, now)
    hash.update(now.subarray(0, length))
  }
  return hash.digest()
}

function encodeHeader(header: LogHeader): Buffer {
  const bytes = Buffer.alloc(HEADER_SIZE)
  MAGIC.copy(bytes)
  bytes.writeUInt32LE(VERSION, 8)
  bytes.writeUInt32LE(header.state, 12)
  bytes.writeBigUInt64LE(BigInt(header.sizeBefore), 16)
  bytes.writeBigUInt64LE(BigInt(header.sizeAfter), 24)
  bytes.set(header.fingerprint, 32)
  bytes.writeUInt32LE(crc32(bytes.subarray(0, CHECKED)), CHECKED)
  return bytes
}

async function readHeader(log: Storage): Promise<LogHeader> {
  const bytes = Buffer.alloc(HEADER_SIZE)
  const length = await log.read(0, bytes)
  const sound =
    length === HEADER_SIZE &&
    MAGIC.equals(bytes.subarray(0, 8)) &&
    bytes.readUInt32LE(8) === VERSION &&
    bytes.readUInt32LE(CHECKED) === crc32(bytes.subarray(0, CHECKED))
  if (!sound) throw new SpindleError('invalid-image', `${log.name} is not a whole undo file.`, { path: log.name })
  return {
    state: bytes.readUInt32LE(12),
    sizeBefore: Number(bytes.readBigUInt64LE(16)),
    sizeAfter: Number(bytes.readBigUInt64LE(24)),
    fingerprint: Uint8Array.from(bytes.subarray(32, 64)),
  }
}
