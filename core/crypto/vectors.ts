// Initial vectors: what makes equal sectors different on disk.

import type { Aes } from './aes.ts'
import { bytesOf, wordsOf } from './words.ts'

/** Four little-endian words for each of `count` sectors, whose numbers start at `first` and go on by `step`. */
export type Vectors = (first: number, count: number, step: number) => Int32Array

const HIGH_WORD = 2 ** 32

/** The sector's number, or its lower half alone: volumes beyond 2 TiB repeat themselves then. */
export function plainVectors(width: '32 bits' | '64 bits'): Vectors {
  return (first, count, step) => {
    const words = new Int32Array(count * 4)
    for (let index = 0; index < count; index += 1) {
      const sector = first + index * step
      words[index * 4] = (sector % HIGH_WORD) | 0
      if (width === '64 bits') words[index * 4 + 1] = Math.floor(sector / HIGH_WORD)
    }
    return words
  }
}

/** The number encrypted under a key made from the key, so that no one can foresee it. */
export function essivVectors(aes: Aes): Vectors {
  const numbers = plainVectors('64 bits')
  return (first, count, step) => wordsOf(aes.encrypt(bytesOf(numbers(first, count, step))))
}
