// The fields a binary structure may have. Every one names its own offset from the start of the structure.

export interface Field<T> {
  readonly offset: number
  /** Bytes. */
  readonly size: number
  get(view: DataView, littleEndian: boolean): T
  set(view: DataView, value: T, littleEndian: boolean): void
}

const HIGH_WORD = 2 ** 32

export function u8(offset: number): Field<number> {
  return {
    offset,
    size: 1,
    get: (view) => view.getUint8(offset),
    set: (view, value) => view.setUint8(offset, value),
  }
}

export function u16(offset: number): Field<number> {
  return {
    offset,
    size: 2,
    get: (view, littleEndian) => view.getUint16(offset, littleEndian),
    set: (view, value, littleEndian) => view.setUint16(offset, value, littleEndian),
  }
}

export function u32(offset: number): Field<number> {
  return {
    offset,
    size: 4,
    get: (view, littleEndian) => view.getUint32(offset, littleEndian),
    set: (view, value, littleEndian) => view.setUint32(offset, value, littleEndian),
  }
}

/** A 64-bit size, offset or count. Past 2^53-1 the structure refuses to decode. */
export function size64(offset: number): Field<number> {
  return {
    offset,
    size: 8,
    get: (view, littleEndian) => {
      const first = view.getUint32(offset, littleEndian)
      const second = view.getUint32(offset + 4, littleEndian)
      return littleEndian ? second * HIGH_WORD + first : first * HIGH_WORD + second
    },
    set: (view, value, littleEndian) => view.setBigUint64(offset, BigInt(value), littleEndian),
  }
}

/** A 64-bit word of flags, or a number all of whose 64 bits matter. */
export function word64(offset: number): Field<bigint> {
  return {
    offset,
    size: 8,
    get: (view, littleEndian) => view.getBigUint64(offset, littleEndian),
    set: (view, value, littleEndian) => view.setBigUint64(offset, value, littleEndian),
  }
}

/** A fixed number of bytes, as they are. */
export function bytes(offset: number, size: number): Field<Uint8Array> {
  return {
    offset,
    size,
    get: (view) => new Uint8Array(view.buffer, view.byteOffset + offset, size).slice(),
    set: (view, value) => new Uint8Array(view.buffer, view.byteOffset + offset, size).set(value),
  }
}

/** UTF-8 text, ended by a NUL where it is shorter than its room. */
export function text(offset: number, size: number): Field<string> {
  return {
    offset,
    size,
    get: (view) => {
      const room = new Uint8Array(view.buffer, view.byteOffset + offset, size)
      const end = room.indexOf(0)
      return new TextDecoder().decode(end === -1 ? room : room.subarray(0, end))
    },
    set: (view, value) =>
      new TextEncoder().encodeInto(value, new Uint8Array(view.buffer, view.byteOffset + offset, size)),
  }
}
