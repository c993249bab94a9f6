// The names an option has: which of them a command line uses, and the same line with the others.

import { HELP } from '../../../core/cli/arguments.ts'
import type { CommandWords, OptionWord } from '../../../core/cli/arguments.ts'
import { wordsOf } from './case.ts'
import type { Case } from './case.ts'

export type Tables = ReadonlyMap<string, CommandWords | undefined>

interface Use {
  /** Where it stands among the words. */
  readonly index: number
  readonly option: Omit<OptionWord, 'help'>
  /** `-f` or `--format`. */
  readonly spelling: string
  /** Of a value behind a sign of equality. */
  readonly tail: string
}

/** `convert -f` and the like. */
export function spellingsIn(one: Case, tables: Tables): readonly string[] {
  const [command = ''] = wordsOf(one)
  return usesIn(one, tables).map(({ spelling }) => `${command} ${spelling}`)
}

/** A line for each that gives an option by a name it had nowhere so far. */
export function respelled(cases: readonly Case[], tables: Tables): readonly Case[] {
  const seen = new Set(cases.flatMap((one) => spellingsIn(one, tables)))
  return cases.flatMap((one): readonly Case[] => {
    if (one.usual) return []
    const words = [...wordsOf(one)]
    const [command = ''] = words
    let isNew = false
    for (const { index, option, spelling, tail } of usesIn(one, tables)) {
      const { short, long } = option
      if (short === undefined) continue
      const other = spelling === `-${short}` ? `--${long}` : `-${short}`
      if (seen.has(`${command} ${other}`)) continue
      seen.add(`${command} ${other}`)
      isNew = true
      words[index] = `${other}${tail.replace(/^=/, other.startsWith('--') ? '=' : '')}`
    }
    return isNew ? [{ ...one, words, usual: wordsOf(one) }] : []
  })
}

/** Letters that stand together are left alone. */
function usesIn(one: Case, tables: Tables): readonly Use[] {
  const words = wordsOf(one)
  const table = tables.get(words[0] ?? '')
  const options = [HELP, ...(table?.options ?? []), ...(table?.refused ?? [])]
  const uses: Use[] = []
  for (let index = 1; index < words.length; index += 1) {
    const [, spelling = '', tail = ''] = /^(--[\w-]+|-\w)(=.*)?$/s.exec(words[index] ?? '') ?? []
    if (words[index] === '--') break
    const option = options.find(({ long, short }) => spelling === `--${long}` || spelling === `-${short ?? ''}`)
    if (!option) continue
    uses.push({ index, option, spelling, tail })
    if (option.value !== undefined && tail === '') index += 1
  }
  return uses
}
