// The first cluster of an open image written anew: other header fields, other extensions, another backing file's name.

import { SpindleError } from '../../model/error.ts'
import { formatSize } from '../../model/units.ts'
import { readPadded } from '../../storage/storage.ts'
import { encodeExtensions, listExtensions } from './extensions.ts'
import type { Extension } from './extensions.ts'
import type { ImageFile } from './image-file.ts'
import { HEADER } from './layout.ts'
import type { HeaderFields } from './layout.ts'

/** What is left out stays as it is. */
export interface HeadChange {
  readonly fields?: Partial<HeaderFields>
  readonly extensions?: (old: readonly Extension[]) => readonly Extension[]
  /** Empty for no backing file. */
  readonly backingName?: Uint8Array
}

/**
 * The bytes from the start of the file on, as far as they change. Throws `unsupported` when they do not fit into the
 * first cluster; `need` says in a few words what wants the room.
 */
export async function newHead(file: ImageFile, change: HeadChange, need: string): Promise<Uint8Array> {
  const { storage, header, geometry } = file
  const { header_length: oldLength, backing_file_offset: nameOffset, backing_file_size: nameLength } = header
  const first = new Uint8Array(geometry.clusterSize)
  await readPadded(storage, 0, first)
  const old = listExtensions({
    bytes: first.subarray(oldLength, nameOffset === 0 ? geometry.clusterSize : nameOffset),
    offset: oldLength,
    path: storage.name,
    clusterSize: geometry.clusterSize,
  })
  const extensions = encodeExtensions(change.extensions ? change.extensions(old) : old)
  const name =
    change.backingName ?? (nameOffset === 0 ? new Uint8Array(0) : first.slice(nameOffset, nameOffset + nameLength))
  const fields = { ...header, ...change.fields }
  const newName = fields.header_length + extensions.length
  const end = newName + name.length
  if (end > geometry.clusterSize)
    throw new SpindleError(
      'unsupported',
      `${storage.name} has no room for ${need} in its first cluster of ${formatSize(geometry.clusterSize)}: ${end} bytes would be needed. Nothing was changed.`,
      { path: storage.name },
    )
  const oldEnd = nameOffset === 0 ? oldLength + encodeExtensions(old).length : nameOffset + nameLength
  const bytes = new Uint8Array(Math.max(end, oldEnd))
  // Fields that Spindle does not know keep what they hold.
  bytes.set(first.subarray(0, Math.min(oldLength, fields.header_length)))
  const encoded = HEADER.encode({
    ...fields,
    backing_file_offset: name.length === 0 ? 0 : newName,
    backing_file_size: name.length,
  })
  bytes.set(encoded.subarray(0, Math.min(fields.header_length, HEADER.size)))
  bytes.set(extensions, fields.header_length)
  bytes.set(name, newName)
  return bytes
}

/** Durable when it returns. The layer is only to be closed afterwards. */
export async function writeHead(file: ImageFile, change: HeadChange, need: string): Promise<void> {
  await file.storage.write(0, await newHead(file, change, need))
  await file.storage.flush()
}
