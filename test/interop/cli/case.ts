// A command line that both programs are given, and how their answers may differ.

export interface Case {
  /** Words after the program's name, the command first; a string is split at blanks. */
  readonly words: string | readonly string[]
  /** Command lines that the real qemu-img carries out before, for both. */
  readonly before?: readonly string[]
  /** Files that must be there although no word names them. */
  readonly files?: readonly string[]
  /** What is made lies on nothing, so nobody can read it. */
  readonly rootless?: true
  /** The same with the other names of its options, which not every qemu-img knows. */
  readonly usual?: readonly string[]
  /** What is meant to be otherwise, by its name in the manual (core/cli/differences.ts), and how it is seen here. */
  readonly differs?: Expected
  /** Up to here messages are the same; behind it stands a reason in words of our own. */
  readonly reason?: string
}

export interface Expected {
  readonly as: string
  readonly code?: number
  /** Left out, the same as qemu-img's. */
  readonly out?: RegExp
  readonly error?: RegExp
  /** What is compared of the images: what their disks hold, but not how that is stored, or nothing. */
  readonly files?: 'content' | 'none'
}

export function wordsOf({ words }: Case): readonly string[] {
  return typeof words === 'string' ? words.split(' ').map((word) => (word === "''" ? '' : word)) : words
}

export function titleOf(one: Case): string {
  return wordsOf(one)
    .map((word) => (word === '' || word.includes(' ') ? `'${word}'` : word))
    .join(' ')
}
