// The undo log: what a file held before it was changed in place, so that a change can be taken back byte for byte.

import { createHash } from 'node:crypto'
import { crc32 } from 'node:zlib'
import { SpindleError } from '../model/error.ts'
import type { Storage } from './storage.ts'

/*
 * Layout, little endian:
 *   0   8  magic "SPNDUNDO"
 *   8   4  version 2
 *  12   4  state: 1 while the change is being made, 2 once it is complete; 3 where the log of another file decides
 *  16   8  size of the image before the change, bytes
 *  24   8  size of the image after it, once it is complete
 *  32  32  SHA-256 of what all recorded ranges hold after the change, once it is complete
 *  64  16  the change: the same in the logs of all files that are changed together
 *  80   4  CRC-32 of bytes 0..79
 * 512      records, each {u64 offset, u32 length, u32 CRC-32 of offset, length and data, data}
 *
 * A record whose offset is all ones names another file of the change, relative to the folder of this one: in the log that
 * decides, every file that has a log beside it; in state 3, as the first record, the file whose log decides.
 */
const MAGIC = Buffer.from('SPNDUNDO', 'latin1')
const VERSION = 2
const HEADER_SIZE = 512
const CHECKED = 80
const RECORD_HEAD = 16
const CHANGING = 1
const COMPLETE = 2
const PART = 3
const NAME = 2n ** 64n - 1n
const LONGEST_NAME = 8192

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
  readonly change: Uint8Array
}

/** What a log says of the change it belongs to. */
export interface LogFacts {
  /** The same word for all files that are changed together. */
  readonly change: string
  /** Always false where another log decides. */
  readonly complete: boolean
  /** The file whose log decides, relative to the folder of this one. */
  readonly partOf?: string
}

/** A file that is changed together with another one, and its log. */
export interface LoggedFile {
  readonly image: Storage
  readonly log: Storage
}

/** Which change a new log is for. */
export interface ChangeOf {
  /** 16 bytes that no other change has. */
  readonly change: Uint8Array
  /** The file whose log decides, relative to the folder of this one; undefined when this one's does. */
  readonly partOf?: string
}

/**
 * Starts the log for a change of `image`. The log storage must be new and empty. Durable when this returns; returns
 * where the first record goes.
 */
export async function startUndoLog(log: Storage, image: Storage, { change, partOf }: ChangeOf): Promise<number> {
  const state = partOf === undefined ? CHANGING : PART
  const position = partOf === undefined ? HEADER_SIZE : await appendName(log, HEADER_SIZE, partOf)
  const fingerprint = new Uint8Array(32)
  await log.write(0, encodeHeader({ state, sizeBefore: await image.size(), sizeAfter: 0, fingerprint, change }))
  await log.flush()
  return position
}

/** Appends what a range held before. Durable only after the log's flush. Returns where the next record goes. */
export async function appendRecord(log: Storage, position: number, offset: number, data: Uint8Array): Promise<number> {
  return append(log, position, BigInt(offset), data)
}

/** The same for the name of another file of the change. */
export async function appendName(log: Storage, position: number, name: string): Promise<number> {
  return append(log, position, NAME, new TextEncoder().encode(name))
}

/** Notes how a file is left that another log decides over. */
export async function completePart(log: Storage, image: Storage): Promise<void> {
  await close(log, image, PART)
}

/** Marks the change as complete: from now on the log is an offer to undo, no longer a duty. */
export async function completeUndoLog(log: Storage, image: Storage): Promise<void> {
  await close(log, image, COMPLETE)
}

/** Undefined when the log was never started. Looks at the log alone. */
export async function readLogFacts(log: Storage): Promise<LogFacts | undefined> {
  const header = await headerIn(log)
  if (!header) return undefined
  const { value: partOf } = header.state === PART ? await namesIn(log).next() : {}
  return {
    change: Buffer.from(header.change).toString('hex'),
    complete: header.state === COMPLETE,
    ...(partOf !== undefined && { partOf }),
  }
}

/** The other files of the change that this log decides over, relative to the folder of its own. */
export async function* namesIn(log: Storage): AsyncGenerator<string, undefined, undefined> {
  const size = await log.size()
  const head = Buffer.alloc(RECORD_HEAD)
  for (let position = HEADER_SIZE; position + RECORD_HEAD <= size;) {
    await log.read(position, head)
    const length = head.readUInt32LE(8)
    if (head.readBigUInt64LE(0) === NAME && length <= LONGEST_NAME) {
      const record = await recordAt(log, position, length)
      if (!record) return
      yield new TextDecoder().decode(record.subarray(RECORD_HEAD))
    }
    if (length === 0) return
    position += RECORD_HEAD + length
  }
}

/**
 * Undefined when the log was never started: the crash came before anything was changed. `parts` are the files that were
 * changed together with this one and whose logs were started.
 */
export async function readUndoState(
  log: Storage,
  image: Storage,
  parts: readonly LoggedFile[] = [],
): Promise<UndoState | undefined> {
  const header = await headerIn(log)
  if (!header) return undefined
  const complete = header.state === COMPLETE
  let matches = true
  if (complete) for (const file of [{ log, image }, ...parts]) matches &&= await isAsLeft(file)
  return { complete, size: header.sizeBefore, matches }
}

async function isAsLeft({ log, image }: LoggedFile): Promise<boolean> {
  const { sizeAfter, fingerprint } = await readHeader(log)
  if ((await image.size()) !== sizeAfter) return false
  return Buffer.compare(await fingerprintOf(log, image), fingerprint) === 0
}

/**
 * Puts everything back as it was before the change. May be run again after a crash in the middle of it. Throws
 * `differs` and changes nothing when the image was changed by someone else after a complete change.
 */
export async function rollBack(log: Storage, image: Storage, parts: readonly LoggedFile[] = []): Promise<void> {
  const state = await readUndoState(log, image, parts)
  if (!state) return
  if (!state.matches) {
    throw new SpindleError(
      'differs',
      `${image.name} was changed since, so what was done cannot be undone any more. Nothing was changed.`,
      { path: image.name },
    )
  }
  if (state.complete) await reopen(log)
  for (const file of [...parts, { log, image }]) await restore(file)
}

async function restore({ log, image }: LoggedFile): Promise<void> {
  for await (const record of records(log)) await image.write(record.offset, record.data)
  await image.truncate((await readHeader(log)).sizeBefore)
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
    const record = await recordAt(log, position, length)
    if (!record) return
    const offset = record.readBigUInt64LE(0)
    if (offset !== NAME) yield { offset: Number(offset), data: record.subarray(RECORD_HEAD) }
    position += record.length
  }
}

async function append(log: Storage, position: number, offset: bigint, data: Uint8Array): Promise<number> {
  const record = Buffer.alloc(RECORD_HEAD + data.length)
  record.writeBigUInt64LE(offset, 0)
  record.writeUInt32LE(data.length, 8)
  record.set(data, RECORD_HEAD)
  record.writeUInt32LE(recordCrc(record), 12)
  await log.write(position, record)
  return position + record.length
}

async function recordAt(log: Storage, position: number, length: number): Promise<Buffer | undefined> {
  const record = Buffer.alloc(RECORD_HEAD + length)
  const isWhole = (await log.read(position, record)) === record.length
  return isWhole && record.readUInt32LE(12) === recordCrc(record) ? record : undefined
}

async function close(log: Storage, image: Storage, state: number): Promise<void> {
  const header = await readHeader(log)
  const fingerprint = await fingerprintOf(log, image)
  await log.write(0, encodeHeader({ ...header, state, sizeAfter: await image.size(), fingerprint }))
  await log.flush()
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
  bytes.set(header.change, 64)
  bytes.writeUInt32LE(crc32(bytes.subarray(0, CHECKED)), CHECKED)
  return bytes
}

/** Undefined when the log was never started. That it cannot be read just now is something else: it may be needed. */
async function headerIn(log: Storage): Promise<LogHeader | undefined> {
  try {
    return await readHeader(log)
  } catch (error) {
    if (error instanceof SpindleError && error.code === 'invalid-image') return undefined
    throw error
  }
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
    change: Uint8Array.from(bytes.subarray(64, 80)),
  }
}
