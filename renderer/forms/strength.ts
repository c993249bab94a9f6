// How hard a passphrase is to guess: an estimate from below, for whoever chooses one.

export type Strength = 'none' | 'weak' | 'fair' | 'good' | 'strong'

/** What everyone tries first, and keyboards and alphabets in their order. */
const COMMON =
  'password passwort passphrase secret letmein welcome admin administrator root user login master dragon monkey shadow sunshine princess football baseball superman batman trustno hello iloveyou freedom whatever qazwsx spindle changeme default guest test'.split(
    ' ',
  )
const ORDERS = [
  'abcdefghijklmnopqrstuvwxyz',
  '01234567890',
  'qwertyuiop',
  'qwertzuiop',
  'asdfghjkl',
  'zxcvbnm',
  'azertyuiop',
]
const BACKWARDS = ORDERS.map((order) => Array.from(order).toReversed().join(''))

/** Bits of what is found in the lists above, with its place and case. */
const COMMON_BITS = 6
/** Of a word that someone could have taken from a dictionary. */
const WORD_BITS = 11
const FAIR = 28
const GOOD = 44
const STRONG = 60

export function strengthOf(passphrase: string): Strength {
  if (passphrase === '') return 'none'
  const bits = bitsOf(passphrase)
  if (bits < FAIR) return 'weak'
  if (bits < GOOD) return 'fair'
  return bits < STRONG ? 'good' : 'strong'
}

function bitsOf(passphrase: string): number {
  const seen = new Set<string>()
  let bits = 0
  // Words, numbers, and what stands between them: each is worth something the first time only.
  for (const [piece] of passphrase.matchAll(/\p{L}+|\p{N}+|[^\p{L}\p{N}]+/gu)) {
    const key = piece.toLowerCase()
    if (!seen.has(key)) bits += bitsOfPiece(piece, key)
    seen.add(key)
  }
  return bits
}

function bitsOfPiece(piece: string, key: string): number {
  if (new Set(key).size === 1) return 4
  if (COMMON.some((word) => key.includes(word)) || inOrder(key)) return COMMON_BITS
  if (/^\p{N}+$/u.test(piece)) return Math.min(piece.length * 3.3, piece.length === 4 ? 8 : Infinity)
  if (!/^\p{L}+$/u.test(piece)) return piece.length * 4
  const mixed = /\p{Lu}/u.test(piece.slice(1)) && /\p{Ll}/u.test(piece)
  const random = piece.length * (mixed ? 5.7 : 4.7)
  // It may well be a word; long ones are rarer.
  return mixed ? random : Math.min(random, WORD_BITS + Math.max(0, piece.length - 8) * 1.5)
}

function inOrder(key: string): boolean {
  if (key.length < 3) return false
  return ORDERS.some((order) => order.includes(key)) || BACKWARDS.some((order) => order.includes(key))
}
