// Opening a file: headers, log, regions and metadata in turn, each held against the format's rules.

import type { Storage } from '../../storage/storage.ts'
import type { Access } from '../../image/driver.ts'
import { readOnly } from '../../image/damage.ts'
import type { ErrorData, SpindleError } from '../../model/error.ts'
import { readPadded } from '../../storage/storage.ts'
import { notValid } from './damage.ts'
import { Headers, checkHeader } from './headers.ts'
import { ImageFile } from './image-file.ts'
import { FILE_SIGNATURE } from './layout.ts'
import { readMetadata } from './metadata.ts'
import { readRegions } from './regions.ts'
import { ReplayedStorage } from './replayed-storage.ts'
import { readLog, replay } from './replay.ts'
import type { LogState } from './replay.ts'

export interface Opened {
  readonly file: ImageFile
  /** As it was found. */
  readonly log: LogState
}

export interface OpenedForAccess extends Opened {
  /** Why it cannot be written although that was asked for. */
  readonly unwritable?: ErrorData
}

/** Looks only: what the log holds is shown as if it had been replayed. Throws `invalid-image` and `unsupported`. */
export async function openForReading(storage: Storage): Promise<Opened> {
  await checkSignature(storage)
  const headers = await Headers.read(storage)
  checkHeader(headers.current, await storage.size(), storage.name)
  const log = await readLog(storage, headers.current)
  const content = log.kind === 'pending' ? await ReplayedStorage.over(storage, log.pending) : storage
  return { file: await readFile(storage, content, headers), log }
}

/** For writing, the log is replayed first: but only once everything else is known to be sound. */
export async function open(storage: Storage, access: Access): Promise<OpenedForAccess> {
  const opened = await openForReading(storage)
  if (access === 'read') return opened
  const unwritable = reasonAgainstWriting(opened)
  if (unwritable) return { ...opened, unwritable: unwritable.toData() }
  if (opened.log.kind !== 'pending') return opened
  const { headers } = opened.file
  await replay(storage, headers, opened.log.pending)
  return { file: await readFile(storage, storage, headers), log: { kind: 'empty' } }
}

async function checkSignature(storage: Storage): Promise<void> {
  const bytes = new Uint8Array(FILE_SIGNATURE.length)
  await readPadded(storage, 0, bytes)
  if (new TextDecoder('latin1').decode(bytes) !== FILE_SIGNATURE)
    throw notValid(storage.name, `it does not begin with “${FILE_SIGNATURE}”`, 0)
}

async function readFile(storage: Storage, content: Storage, headers: Headers): Promise<ImageFile> {
  const regions = await readRegions(content, headers.current)
  const metadata = await readMetadata(content, regions)
  return new ImageFile({ storage, content, headers, regions, metadata, size: await content.size() })
}

function reasonAgainstWriting({ file, log }: Opened): SpindleError | undefined {
  if (log.kind !== 'damaged') return undefined
  return readOnly(
    file.storage.name,
    'was not closed in order, and its log, which should hold what was under way, is damaged',
    file.headers.current.log_offset,
  )
}
