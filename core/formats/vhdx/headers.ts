// The two headers of a file: the valid one that was written last counts, and the other one is written next.

import { crc32c } from '../../bytes/crc32c.ts'
import { SpindleError } from '../../model/error.ts'
import { MiB } from '../../model/units.ts'
import { readPadded } from '../../storage/storage.ts'
import type { Storage } from '../../storage/storage.ts'
import { notValid } from './damage.ts'
import { HEADER, HEADER_OFFSETS, HEADER_SIGNATURE, HEADER_SIZE, HEADER_VERSION } from './layout.ts'
import type { HeaderFields } from './layout.ts'

const CHECKSUM_AT = HEADER.fields.checksum.offset
const LAST_SEQUENCE = 2n ** 64n - 1n

/** What changes in a header while the file keeps its shape. */
export type HeaderChange = Partial<Pick<HeaderFields, 'file_write_guid' | 'data_write_guid' | 'log_guid'>>

export class Headers {
  readonly #storage: Storage
  /** Offsets of headers that are not valid. */
  readonly damaged: readonly number[]
  #current: HeaderFields
  #offset: number

  private constructor(storage: Storage, found: { header: HeaderFields; offset: number }, damaged: readonly number[]) {
    this.#storage = storage
    this.#current = found.header
    this.#offset = found.offset
    this.damaged = damaged
  }

  /** Throws `invalid-image` when neither header is valid, or it cannot be told which one counts. */
  static async read(storage: Storage): Promise<Headers> {
    const copies = await Promise.all(HEADER_OFFSETS.map((offset) => readHeader(storage, offset)))
    const valid = copies.filter((copy) => copy !== undefined)
    const [first, second] = valid
    const { name } = storage
    if (!first) throw notValid(name, 'neither of its two headers is intact', HEADER_OFFSETS[0])
    const damaged = HEADER_OFFSETS.filter((offset) => valid.every((copy) => copy.offset !== offset))
    if (!second || first.header.sequence_number > second.header.sequence_number)
      return new Headers(storage, first, damaged)
    if (first.header.sequence_number === second.header.sequence_number && !isSame(first.header, second.header))
      throw notValid(name, 'its two headers differ and claim to be equally recent', first.offset)
    return new Headers(storage, second, damaged)
  }

  get current(): HeaderFields {
    return this.#current
  }

  /** Durable when this returns, and after everything that was written before. */
  async update(change: HeaderChange): Promise<void> {
    await this.#storage.flush()
    await this.#writeOther(change)
    await this.#storage.flush()
    // Should one of them be damaged later, the other one says the same. It need not be durable before the next update.
    await this.#writeOther({})
  }

  async #writeOther(change: HeaderChange): Promise<void> {
    if (this.#current.sequence_number >= LAST_SEQUENCE)
      throw new SpindleError(
        'unsupported',
        `${this.#storage.name} counts its changes, and there is no higher number left for another one. Convert it to a new image.`,
        { path: this.#storage.name },
      )
    const next = { ...this.#current, ...change, sequence_number: this.#current.sequence_number + 1n }
    const offset = this.#offset === HEADER_OFFSETS[0] ? HEADER_OFFSETS[1] : HEADER_OFFSETS[0]
    await this.#storage.write(offset, encodeHeader(next))
    this.#current = next
    this.#offset = offset
  }
}

export function encodeHeader(values: HeaderFields): Uint8Array {
  const bytes = HEADER.encode({ ...values, checksum: 0 })
  new DataView(bytes.buffer).setUint32(CHECKSUM_AT, crc32c(bytes), true)
  return bytes
}

/** Throws for the first field of the header that breaks a rule. */
export function checkHeader(header: HeaderFields, fileSize: number, path: string): void {
  const refuse = (field: keyof HeaderFields, what: string): never => {
    throw notValid(path, what, HEADER_OFFSETS[0] + HEADER.fields[field].offset)
  }
  const { version, log_version, log_offset, log_length } = header
  if (version !== HEADER_VERSION)
    throw new SpindleError(
      'unsupported',
      `${path} is a VHDX image of version ${version}, and Spindle knows version ${HEADER_VERSION} only. Nothing was changed.`,
      { path, offset: HEADER_OFFSETS[0] + HEADER.fields.version.offset },
    )
  if (log_version !== 0) refuse('log_version', `the version of its log is ${log_version}, and there is only version 0`)
  if (log_length === 0 || log_length % MiB !== 0)
    refuse('log_length', `its log is ${log_length} bytes long, which is no multiple of 1 MiB`)
  if (log_offset < MiB || log_offset % MiB !== 0)
    refuse('log_offset', `its log starts at offset ${log_offset}, where none can be`)
  if (log_offset + log_length > fileSize)
    refuse('log_offset', `its log would end at ${log_offset + log_length}, past the end of the file at ${fileSize}`)
}

async function readHeader(
  storage: Storage,
  offset: number,
): Promise<{ header: HeaderFields; offset: number } | undefined> {
  const bytes = new Uint8Array(HEADER_SIZE)
  await readPadded(storage, offset, bytes)
  const view = new DataView(bytes.buffer)
  const checksum = view.getUint32(CHECKSUM_AT, true)
  view.setUint32(CHECKSUM_AT, 0, true)
  if (view.getUint32(0, true) !== HEADER_SIGNATURE || crc32c(bytes) !== checksum) return undefined
  return { header: HEADER.decode(bytes, { path: storage.name, offset }), offset }
}

function isSame(left: HeaderFields, right: HeaderFields): boolean {
  return Buffer.compare(encodeHeader(left), encodeHeader(right)) === 0
}
