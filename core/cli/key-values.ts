// What follows `-o`: `key=value,key=value`, where a comma inside a value is written twice.

import { SpindleError } from '../model/error.ts'

/** Undefined when the user asked which options there are, with `help` or `?`. */
export function parseKeyValues(texts: readonly string[]): ReadonlyMap<string, string> | undefined {
  const values = new Map<string, string>()
  const empty = texts.find((text) => text === '')
  if (empty !== undefined) throw new SpindleError('invalid-argument', `Invalid option list: ${empty}`)
  for (const part of texts.flatMap(splitAtCommas)) {
    const at = part.indexOf('=')
    if (part === 'help' || part === '?') return undefined
    if (at === 0 || part === '') {
      throw new SpindleError('invalid-argument', `“${part}” after -o is no option: write it as name=value.`)
    }
    // A name alone switches it on.
    values.set(at < 0 ? part : part.slice(0, at), at < 0 ? 'on' : part.slice(at + 1))
  }
  return values
}

/** The other way round, for one value. */
export function escapeValue(text: string): string {
  return text.replaceAll(',', ',,')
}

function splitAtCommas(text: string): readonly string[] {
  const parts: string[] = []
  let part = ''
  for (let at = 0; at < text.length; at += 1) {
    if (text[at] !== ',') {
      part += text[at]
    } else if (text[at + 1] === ',') {
      part += ','
      at += 1
    } else {
      parts.push(part)
      part = ''
    }
  }
  return [...parts, part]
}
