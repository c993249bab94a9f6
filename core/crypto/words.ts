// Bytes as 32-bit words, for arithmetic on many of them.

/** The same memory where it lies on a word boundary, a copy where it does not. `bytes` are whole words. */
export function wordsOf(bytes: Uint8Array): Int32Array {
  const aligned = bytes.byteOffset % 4 === 0 ? bytes : new Uint8Array(bytes)
  return new Int32Array(aligned.buffer, aligned.byteOffset, aligned.length / 4)
}

export function bytesOf(words: Int32Array): Uint8Array {
  return new Uint8Array(words.buffer, words.byteOffset, words.byteLength)
}

/** Changes whole words of `bytes` in place, wherever they lie. */
export function inWords(bytes: Uint8Array, work: (words: Int32Array) => void): void {
  const words = wordsOf(bytes)
  work(words)
  if (words.buffer !== bytes.buffer) bytes.set(bytesOf(words))
}

/** `into` and `other` are equally long: whole blocks of four words, which makes this several times as fast. */
export function xorInto(into: Int32Array, other: Int32Array): void {
  for (let at = 0; at < into.length; at += 4) {
    into[at] = (into[at] ?? 0) ^ (other[at] ?? 0)
    into[at + 1] = (into[at + 1] ?? 0) ^ (other[at + 1] ?? 0)
    into[at + 2] = (into[at + 2] ?? 0) ^ (other[at + 2] ?? 0)
    into[at + 3] = (into[at + 3] ?? 0) ^ (other[at + 3] ?? 0)
  }
}
