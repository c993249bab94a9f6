// A command as words, written so that a POSIX shell reads the same words back.

const PLAIN = /^[\w@%+=:,./-]+$/

function quoted(word: string): string {
  if (PLAIN.test(word)) return word
  // The shell only knows `~` as home while it is not quoted.
  if (word.startsWith('~/')) return `~/${quoted(word.slice(2))}`
  return `'${word.replaceAll("'", String.raw`'\''`)}'`
}

export function commandText(words: readonly string[]): string {
  return words.map(quoted).join(' ')
}
