// Reference counts of any width inside a refcount block: how one is read and written.

export interface CountAccess {
  /** The largest count that fits; counts past 2^53-1 are not told apart and never reached. */
  readonly max: number
  get(view: DataView, index: number): number
  set(view: DataView, index: number, count: number): void
}

const WORD = 2 ** 32

/** `bits` is a power of two from 1 to 64. Counts narrower than a byte fill it from its least significant bit on. */
export function countAccess(bits: number): CountAccess {
  switch (bits) {
    case 8:
      return {
        max: 0xff,
        get: (view, index) => view.getUint8(index),
        set: (view, index, count) => view.setUint8(index, count),
      }
    case 16:
      return {
        max: 0xffff,
        get: (view, index) => view.getUint16(index * 2),
        set: (view, index, count) => view.setUint16(index * 2, count),
      }
    case 32:
      return {
        max: WORD - 1,
        get: (view, index) => view.getUint32(index * 4),
        set: (view, index, count) => view.setUint32(index * 4, count),
      }
    case 64:
      return {
        max: Number.MAX_SAFE_INTEGER,
        get: (view, index) => view.getUint32(index * 8) * WORD + view.getUint32(index * 8 + 4),
        set: (view, index, count) => {
          view.setUint32(index * 8, Math.floor(count / WORD))
          view.setUint32(index * 8 + 4, count % WORD)
        },
      }
    default:
      return narrow(bits)
  }
}

function narrow(bits: number): CountAccess {
  const perByte = 8 / bits
  const max = 2 ** bits - 1
  return {
    max,
    get: (view, index) => (view.getUint8(Math.floor(index / perByte)) >> ((index % perByte) * bits)) & max,
    set: (view, index, count) => {
      const at = Math.floor(index / perByte)
      const shift = (index % perByte) * bits
      view.setUint8(at, (view.getUint8(at) & ~(max << shift)) | (count << shift))
    },
  }
}
