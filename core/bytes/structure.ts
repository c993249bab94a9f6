// Binary structures declared once, as a table of fields at explicit offsets: type, decoder and encoder follow from it.

import { SpindleError } from '../model/error.ts'
import type { Field } from './field.ts'

export type ByteOrder = 'big' | 'little'

type Fields = Readonly<Record<string, Field<unknown>>>

type Values<F extends Fields> = { readonly [Name in keyof F]: F[Name] extends Field<infer T> ? T : never }

/** What a structure decodes to: `ValuesOf<typeof HEADER>`. */
export type ValuesOf<S> = S extends Structure<infer F> ? Values<F> : never

/** Where the bytes come from, for messages. */
export interface BytesPlace {
  readonly path: string
  /** Of the structure's first byte in that file. */
  readonly offset: number
}

/** Made for headers and records. Per-entry loops over large tables read words themselves. */
export class Structure<F extends Fields> {
  /** As in a message: “qcow2 header”. */
  readonly title: string
  readonly fields: F
  /** Bytes. */
  readonly size: number
  readonly #littleEndian: boolean

  /** `size` where bytes follow the last field that belong to the structure. */
  constructor(title: string, order: ByteOrder, fields: F, size?: number) {
    this.title = title
    this.fields = fields
    this.size = size ?? Math.max(...Object.values(fields).map((field) => field.offset + field.size))
    this.#littleEndian = order === 'little'
  }

  /** Decodes the first `size` of `bytes`. Throws `invalid-image` for too few bytes and for sizes past 2^53-1. */
  decode(bytes: Uint8Array, place: BytesPlace): Values<F> {
    if (bytes.length < this.size) {
      throw new SpindleError(
        'invalid-image',
        `${place.path} ends inside its ${this.title}: ${this.size} bytes belong there and ${bytes.length} are left.`,
        place,
      )
    }
    const view = new DataView(bytes.buffer, bytes.byteOffset, this.size)
    const values = Object.entries(this.fields).map(([name, field]) => {
      const value = field.get(view, this.#littleEndian)
      if (typeof value === 'number' && !Number.isSafeInteger(value)) {
        throw new SpindleError(
          'invalid-image',
          `${place.path}: ${name} in its ${this.title} is about ${value.toExponential(1)}, more than any disk can hold.`,
          { path: place.path, offset: place.offset + field.offset },
        )
      }
      return [name, value]
    })
    // Keys and value types are those of the table this was built from.
    return Object.fromEntries(values) as Values<F>
  }

  /** The structure as `size` bytes; what no field covers is zero. */
  encode(values: Values<F>): Uint8Array<ArrayBuffer> {
    const bytes = new Uint8Array(this.size)
    const view = new DataView(bytes.buffer)
    for (const [name, field] of Object.entries(this.fields)) field.set(view, values[name], this.#littleEndian)
    return bytes
  }
}
