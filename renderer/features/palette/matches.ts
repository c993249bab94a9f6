// Which commands a few typed letters mean, best first.

import type { Command } from '../../commands/command.ts'

export interface Entry {
  readonly command: Command
  readonly title: string
  /** Why it cannot be done now. */
  readonly reason: string | undefined
}

/** Every typed word must begin a word of the title. What can be done comes before what cannot. */
export function matching(entries: readonly Entry[], typed: string): readonly Entry[] {
  const sought = words(typed)
  const found = entries.filter(({ title }) => {
    const own = words(title)
    return sought.every((word) => own.some((one) => one.startsWith(word)))
  })
  return [...found.filter(({ reason }) => reason === undefined), ...found.filter(({ reason }) => reason !== undefined)]
}

export interface Part {
  readonly text: string
  readonly typed: boolean
}

/** The title cut into what was typed and what was not. */
export function partsOf(title: string, typed: string): readonly Part[] {
  const sought = words(typed)
  return title.split(/(\s+)/).flatMap((word) => {
    const begin = sought.find((one) => word.toLowerCase().startsWith(one))
    if (begin === undefined) return [{ text: word, typed: false }]
    return [
      { text: word.slice(0, begin.length), typed: true },
      { text: word.slice(begin.length), typed: false },
    ]
  })
}

function words(text: string): readonly string[] {
  return text
    .toLowerCase()
    .split(/\s+/)
    .filter((word) => word !== '')
}
