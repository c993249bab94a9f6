// A key to be kept on paper: nobody can guess it, and no two of its letters look alike.

const LETTERS = '23456789ABCDEFGHJKMNPQRSTVWXYZ'
const GROUPS = 6
const GROUP = 5

/** About 147 bits, in groups that are easy to read out. */
export function newRecoveryKey(): string {
  const groups = Array.from({ length: GROUPS }, () => Array.from({ length: GROUP }, letter).join(''))
  return groups.join('-')
}

function letter(): string {
  const byte = new Uint8Array(1)
  // What does not come out even would make some letters likelier than others.
  do crypto.getRandomValues(byte)
  while ((byte[0] ?? 0) >= Math.floor(256 / LETTERS.length) * LETTERS.length)
  return LETTERS[(byte[0] ?? 0) % LETTERS.length] ?? ''
}
