// Reading trailer, property list and tables, and checking them.

import { notValid } from '../../image/damage.ts'
import { SpindleError } from '../../model/error.ts'
import type { ErrorData } from '../../model/error.ts'
import type { Storage } from '../../storage/storage.ts'
import {
  ENTRY,
  KIND,
  LARGEST_CHUNK,
  LARGEST_PLIST,
  MAGIC,
  MOST_CHUNKS,
  SECTOR,
  TABLE,
  TABLE_MAGIC,
  TRAILER,
  UNKNOWN_PACKINGS,
  VERSION,
} from './layout.ts'
import type { Trailer } from './layout.ts'

/** A run of the disk that is stored in one way; bytes. */
export interface Chunk {
  readonly kind: 'raw' | 'zlib'
  /** Of the disk. */
  readonly start: number
  readonly length: number
  /** Of the file. */
  readonly offset: number
  readonly packedLength: number
}

export interface Opened {
  /** Bytes. */
  readonly virtualSize: number
  /** In the order of the disk, without overlaps; what lies between them is zeros. */
  readonly chunks: readonly Chunk[]
  /** Bytes of the largest packed chunk once unpacked. */
  readonly largest: number
  readonly unreadable?: ErrorData
}

/** Throws `invalid-image` for what makes no sense. */
export async function openImage(storage: Storage): Promise<Opened> {
  const size = await storage.size()
  const path = storage.name
  const bytes = new Uint8Array(TRAILER.size)
  if (size < TRAILER.size) throw notValid(path, 'DMG', 'it is shorter than its trailer', 0)
  await storage.read(size - TRAILER.size, bytes)
  const trailer = TRAILER.decode(bytes, { path, offset: size - TRAILER.size })
  checkTrailer(trailer, size, path)
  const plist = new Uint8Array(trailer.plist_length)
  await storage.read(trailer.plist_offset, plist)
  const found = new ChunkList(trailer, size, path)
  for (const text of blockTables(new TextDecoder().decode(plist))) found.addTable(text)
  return found.finish()
}

function checkTrailer(trailer: Trailer, size: number, path: string): void {
  const at = (name: keyof Trailer): number => size - TRAILER.size + TRAILER.fields[name].offset
  if (trailer.magic !== MAGIC) throw notValid(path, 'DMG', 'its trailer does not begin with “koly”', at('magic'))
  if (trailer.version !== VERSION || trailer.header_size !== TRAILER.size)
    throw notValid(
      path,
      'DMG',
      `its trailer says version ${trailer.version}, and only ${VERSION} is known`,
      at('version'),
    )
  const { plist_offset: offset, plist_length: length } = trailer
  if (length === 0 || length > LARGEST_PLIST || offset + length > size)
    throw notValid(path, 'DMG', `its property list would be ${length} bytes at offset ${offset}`, at('plist_offset'))
  if (!Number.isSafeInteger(trailer.sector_count * SECTOR))
    throw notValid(path, 'DMG', `its disk would have ${trailer.sector_count} sectors`, at('sector_count'))
}

/** The `Data` of everything listed under `blkx`, in base64. */
function* blockTables(plist: string): Generator<string> {
  const list = /<key>blkx<\/key>\s*<array>([\s\S]*?)<\/array>/.exec(plist)?.[1] ?? ''
  for (const [, text = ''] of list.matchAll(/<data>([^<]*)<\/data>/g)) yield text.replaceAll(/\s/g, '')
}

class ChunkList {
  readonly #trailer: Trailer
  readonly #size: number
  readonly #path: string
  readonly #chunks: Chunk[] = []
  #end = 0
  #unreadable: ErrorData | undefined

  constructor(trailer: Trailer, size: number, path: string) {
    this.#trailer = trailer
    this.#size = size
    this.#path = path
  }

  addTable(text: string): void {
    if (!/^[A-Za-z0-9+/]+={0,2}$/.test(text) || text.length % 4 !== 0) throw this.#wrong('a block table is not base64')
    const bytes = Uint8Array.from(atob(text), (character) => character.charCodeAt(0))
    const place = { path: this.#path, offset: this.#trailer.plist_offset }
    const table = TABLE.decode(bytes, place)
    if (table.magic !== TABLE_MAGIC) throw this.#wrong('a block table does not begin with “mish”')
    const room = Math.floor((bytes.length - TABLE.size) / ENTRY.size)
    if (table.entry_count > room)
      throw this.#wrong(`a block table says ${table.entry_count} entries and has room for ${room}`)
    if (this.#chunks.length + table.entry_count > MOST_CHUNKS) throw this.#wrong('it has more chunks than any image')
    const data = this.#trailer.data_fork_offset + table.data_start
    for (let index = 0; index < table.entry_count; index += 1) {
      const entry = ENTRY.decode(bytes.subarray(TABLE.size + index * ENTRY.size), place)
      if (entry.kind === KIND.end) break
      if (entry.kind === KIND.comment) continue
      const start = (table.first_sector + entry.first_sector) * SECTOR
      this.#add(entry.kind, {
        start,
        length: entry.sector_count * SECTOR,
        offset: data + entry.offset,
        packedLength: entry.length,
      })
    }
  }

  finish(): Opened {
    const chunks = this.#chunks.toSorted((a, b) => a.start - b.start)
    let end = 0
    for (const { start, length } of chunks) {
      if (start < end) throw this.#wrong(`two chunks hold the disk’s bytes from ${start} on`)
      end = start + length
    }
    return {
      virtualSize: Math.max(this.#end, this.#trailer.sector_count * SECTOR),
      chunks,
      largest: chunks.reduce((most, { kind, length }) => (kind === 'zlib' ? Math.max(most, length) : most), SECTOR),
      ...(this.#unreadable && { unreadable: this.#unreadable }),
    }
  }

  #add(kind: number, chunk: Omit<Chunk, 'kind'>): void {
    const { start, length, offset, packedLength } = chunk
    const end = start + length
    if (!Number.isSafeInteger(end)) throw this.#wrong(`a chunk would end at byte ${end} of the disk`)
    this.#end = Math.max(this.#end, end)
    if (kind === KIND.zero || kind === KIND.ignored || length === 0) return
    const packing = UNKNOWN_PACKINGS.get(kind)
    if (packing !== undefined) {
      const message = `${this.#path} is packed with ${packing}, which Spindle cannot unpack. Nothing was changed. On a Mac, “hdiutil convert -format UDZO” makes an image of it that Spindle reads.`
      this.#unreadable ??= new SpindleError('unsupported', message, { path: this.#path, offset }).toData()
      return
    }
    if (kind !== KIND.raw && kind !== KIND.zlib) throw this.#wrong(`a chunk is of the unknown kind ${kind}`)
    if (offset + packedLength > this.#size)
      throw this.#wrong(`the chunk for the disk’s bytes from ${start} on would end past the end of the file`)
    if (kind === KIND.raw && packedLength < length)
      throw this.#wrong(`the chunk for the disk’s bytes from ${start} on is shorter than what it holds`)
    if (kind === KIND.zlib && length > LARGEST_CHUNK)
      throw this.#wrong(`the chunk for the disk’s bytes from ${start} on would be ${length} bytes unpacked`)
    this.#chunks.push({ kind: kind === KIND.raw ? 'raw' : 'zlib', ...chunk })
  }

  #wrong(what: string): SpindleError {
    return notValid(this.#path, 'DMG', what, this.#trailer.plist_offset)
  }
}
