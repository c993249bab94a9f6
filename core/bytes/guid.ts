// GUIDs as Microsoft's structures and GPT keep them, the first three parts with their bytes reversed, and as lower-case text.

import type { Field } from './field.ts'

const SIZE = 16
/** Where each byte of the text's digits is on disk. */
const ORDER = [3, 2, 1, 0, 5, 4, 7, 6, 8, 9, 10, 11, 12, 13, 14, 15]
const TEXT = /^\{?([\da-f]{8}-[\da-f]{4}-[\da-f]{4}-[\da-f]{4}-[\da-f]{12})\}?$/i

export const NO_GUID = '00000000-0000-0000-0000-000000000000'

export function newGuid(): string {
  return crypto.randomUUID()
}

/** The GUID that a text with or without braces is; undefined when it is none. */
export function parseGuid(text: string): string | undefined {
  return TEXT.exec(text)?.[1]?.toLowerCase()
}

export function guid(offset: number): Field<string> {
  return {
    offset,
    size: SIZE,
    get: (view) => {
      const digits = ORDER.map((from) =>
        view
          .getUint8(offset + from)
          .toString(16)
          .padStart(2, '0'),
      ).join('')
      return [0, 8, 12, 16, 20].map((start, part) => digits.slice(start, [8, 12, 16, 20, 32][part])).join('-')
    },
    set: (view, value) => {
      const digits = value.replaceAll('-', '')
      for (const [index, to] of ORDER.entries())
        view.setUint8(offset + to, Number.parseInt(digits.slice(2 * index, 2 * index + 2), 16))
    },
  }
}
