// Structured clone to JSON and back. One factory, used in Node and, by its source text, in the page's isolated world.

/* oxlint-disable unicorn/consistent-function-scoping -- what travels as text must hold all it needs */

export interface Codec {
  encode(value: unknown): string
  decode(text: string): unknown
}

/** Must name nothing outside itself: it travels as text. */
export function makeCodec(): Codec {
  interface Tagged {
    readonly $?: string
    readonly name?: string
    readonly value?: unknown
  }
  interface Base64 {
    toBase64(): string
  }
  const toBase64 = (bytes: Uint8Array): string =>
    typeof Buffer === 'function'
      ? Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('base64')
      : (bytes as unknown as Base64).toBase64()
  const fromBase64 = (text: string): Uint8Array<ArrayBuffer> =>
    typeof Buffer === 'function'
      ? new Uint8Array(Buffer.from(text, 'base64'))
      : (Uint8Array as unknown as { fromBase64(text: string): Uint8Array<ArrayBuffer> }).fromBase64(text)

  const pack = (value: unknown, above: Set<object>): unknown => {
    switch (typeof value) {
      case 'number':
        return Number.isFinite(value) && !Object.is(value, -0)
          ? value
          : { $: 'number', value: Object.is(value, -0) ? '-0' : String(value) }
      case 'undefined':
        return { $: 'undefined' }
      case 'bigint':
        return { $: 'bigint', value: String(value) }
      case 'function':
      case 'symbol':
        throw new Error('An object could not be cloned.')
      case 'object':
        if (value === null) return null
        break
      default:
        return value
    }
    if (above.has(value)) throw new Error('An object could not be cloned (the stand-in knows no cycles).')
    above.add(value)
    const packed = packObject(value, (item) => pack(item, above))
    above.delete(value)
    return packed
  }
  const packObject = (value: object, inner: (item: unknown) => unknown): unknown => {
    if (Array.isArray(value)) return value.map(inner)
    if (value instanceof Date) return { $: 'date', value: value.getTime() }
    if (value instanceof Map) return { $: 'map', value: [...value].map(([key, item]) => [inner(key), inner(item)]) }
    if (value instanceof Set) return { $: 'set', value: [...value].map(inner) }
    if (value instanceof Error) return { $: 'error', name: value.name, value: [value.message, value.stack ?? ''] }
    if (value instanceof ArrayBuffer) return { $: 'buffer', value: toBase64(new Uint8Array(value)) }
    if (ArrayBuffer.isView(value)) {
      const name = value.constructor.name === 'Buffer' ? 'Uint8Array' : value.constructor.name
      return { $: 'view', name, value: toBase64(new Uint8Array(value.buffer, value.byteOffset, value.byteLength)) }
    }
    // As entries, not as an assignment: a key called `__proto__` must arrive as one.
    const entries = Object.entries(value).map(([key, item]): readonly [string, unknown] => [key, inner(item)])
    const packed = Object.fromEntries(entries)
    return Object.hasOwn(value, '$') ? { $: 'object', value: packed } : packed
  }

  const unpack = (packed: unknown): unknown => {
    if (typeof packed !== 'object' || packed === null) return packed
    if (Array.isArray(packed)) return packed.map(unpack)
    const { $: tag, name = '', value } = packed as Tagged
    switch (tag) {
      case undefined:
        return unpackEntries(packed)
      case 'object':
        return unpackEntries(value as object)
      case 'number':
        return Number(value)
      case 'undefined':
        return undefined
      case 'bigint':
        return BigInt(value as string)
      case 'date':
        return new Date(value as number)
      case 'map':
        return new Map((value as unknown[][]).map(([key, item]) => [unpack(key), unpack(item)]))
      case 'set':
        return new Set((value as unknown[]).map(unpack))
      case 'error': {
        const [message, stack] = value as [string, string]
        return Object.assign(new Error(message), { name, stack })
      }
      case 'buffer':
        return fromBase64(value as string).buffer
      case 'view':
        return unpackView(name, fromBase64(value as string))
      default:
        throw new Error(`stand-in: unknown tag ${tag}`)
    }
  }
  const unpackEntries = (packed: object): unknown =>
    Object.fromEntries(Object.entries(packed).map(([key, item]) => [key, unpack(item)]))
  const unpackView = (name: string, bytes: Uint8Array<ArrayBuffer>): unknown => {
    if (name === 'Uint8Array') return bytes
    const View = (globalThis as unknown as Record<string, new (buffer: ArrayBuffer) => unknown>)[name]
    if (!View) throw new Error(`stand-in: there is no ${name} here`)
    return new View(bytes.buffer)
  }
  return {
    encode: (value) => JSON.stringify(pack(value, new Set())),
    decode: (text) => unpack(JSON.parse(text)),
  }
}
