// Carrying out what the log holds: every target is held against the file first, then it is done, or only shown.

import { SpindleError } from '../../model/error.ts'
import { MiB, formatSize, roundUp } from '../../model/units.ts'
import type { Storage } from '../../storage/storage.ts'
import { NO_GUID } from '../../bytes/guid.ts'
import type { Headers } from './headers.ts'
import { HEADERS_END, LOG_SECTOR, MAX_FILE_SIZE } from './layout.ts'
import type { HeaderFields } from './layout.ts'
import { Log } from './log.ts'
import type { LogEntry, LogRecord } from './log.ts'

/** A sound record. Bytes. */
export type Change =
  | { readonly kind: 'data'; readonly offset: number; readonly bytes: Uint8Array }
  | { readonly kind: 'zero'; readonly offset: number; readonly length: number }

export type LogState =
  | { readonly kind: 'empty' }
  /** It holds changes that are yet to be made. */
  | { readonly kind: 'pending'; readonly pending: PendingLog }
  /** It should hold some, and none of them is whole. */
  | { readonly kind: 'damaged' }

export interface PendingLog {
  /** Length of the file once all is done. */
  readonly fileSize: number
  readonly changeCount: number
  readonly dataBytes: number
  changes(): AsyncGenerator<Change>
}

/** Throws `invalid-image` for a log that would write where it must not, or that knew a longer file. */
export async function readLog(storage: Storage, header: HeaderFields): Promise<LogState> {
  const log = new Log(storage, header)
  if (log.isEmpty) return { kind: 'empty' }
  const entries = await log.activeEntries()
  const last = entries.at(-1)
  if (!last) return { kind: 'damaged' }
  const size = await storage.size()
  const refuse = (what: string): never => {
    throw new SpindleError('invalid-image', `${storage.name} cannot be used: ${what}. Nothing was changed.`, {
      path: storage.name,
      offset: header.log_offset,
    })
  }
  if (last.flushedSize > BigInt(size))
    refuse(`its log was written when it was ${last.flushedSize} bytes long, and now it is ${size}: its end is lost`)
  if (last.lastSize > BigInt(MAX_FILE_SIZE))
    refuse(`its log would make it ${last.lastSize} bytes long, more than any such file can be`)
  const fileSize = Math.max(size, roundUp(Number(last.lastSize), MiB))
  async function* changes(): AsyncGenerator<Change> {
    for (const entry of entries) yield* soundChanges(log, entry, { header, fileSize }, refuse)
  }
  let changeCount = 0
  let dataBytes = 0
  let zeroBytes = 0
  for await (const change of changes()) {
    changeCount += 1
    if (change.kind === 'data') dataBytes += change.bytes.length
    else zeroBytes += change.length
    if (zeroBytes > size) refuse('its log would write more zeros than it has bytes')
  }
  return { kind: 'pending', pending: { fileSize, changeCount, dataBytes, changes } }
}

/** Makes all changes durable and empties the log. As often as it is cut off, it can be done again. */
export async function replay(storage: Storage, headers: Headers, pending: PendingLog): Promise<void> {
  if ((await storage.size()) < pending.fileSize) await storage.truncate(pending.fileSize)
  for await (const change of pending.changes()) {
    if (change.kind === 'data') await storage.write(change.offset, change.bytes)
    else await storage.zero(change.offset, change.length)
  }
  await headers.update({ log_guid: NO_GUID })
}

async function* soundChanges(
  log: Log,
  entry: LogEntry,
  file: { readonly header: HeaderFields; readonly fileSize: number },
  refuse: (what: string) => never,
): AsyncGenerator<Change> {
  const { header, fileSize } = file
  const logEnd = header.log_offset + header.log_length
  for await (const record of log.records(entry)) {
    const end = record.offset + lengthOf(record)
    if (record.offset % BigInt(LOG_SECTOR) !== 0n || lengthOf(record) % BigInt(LOG_SECTOR) !== 0n)
      refuse(`its log would write to offset ${record.offset}, which is no whole number of ${formatSize(LOG_SECTOR)}`)
    if (end > BigInt(fileSize))
      refuse(`its log would write up to offset ${end}, past the end of the file at ${fileSize}`)
    if (record.offset < BigInt(HEADERS_END)) refuse(`its log would overwrite its headers, at offset ${record.offset}`)
    if (record.offset < BigInt(logEnd) && end > BigInt(header.log_offset))
      refuse(`its log would overwrite itself, at offset ${record.offset}`)
    yield record.kind === 'data'
      ? { ...record, offset: Number(record.offset) }
      : { ...record, offset: Number(record.offset), length: Number(record.length) }
  }
}

function lengthOf(record: LogRecord): bigint {
  return record.kind === 'data' ? BigInt(record.bytes.length) : record.length
}
