// How drivers word damage: one plain sentence with the file, the place in it, and what is safe.

import { SpindleError } from '../model/error.ts'

/** A header that breaks the format's rules. `title` is the format's; `what` is a clause without its full stop; offset in bytes. */
export function notValid(path: string, title: string, what: string, offset: number): SpindleError {
  return new SpindleError('invalid-image', `${path} is not a valid ${title} image: ${what}. Nothing was changed.`, {
    path,
    offset,
  })
}

/** A table behind a sound header that breaks the format's rules. */
export function damaged(path: string, what: string, offset: number): SpindleError {
  return new SpindleError(
    'invalid-image',
    `${path} is damaged: ${what}. Nothing was changed; what lies elsewhere in it can still be read.`,
    { path, offset },
  )
}

/** Why an image may be read but not written. `what` is a clause that follows the path. */
export function readOnly(path: string, what: string, offset?: number): SpindleError {
  return new SpindleError('invalid-image', `${path} ${what}. It is open for reading only; check and repair it first.`, {
    path,
    offset,
  })
}

/** Text from an image, fit for a message: control and direction characters made visible, cut to a fair length. */
export function printable(text: string, atMost = 64): string {
  const shown = text.replace(
    /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/gu,
    (character) => `\\u{${(character.codePointAt(0) ?? 0).toString(16)}}`,
  )
  return shown.length > atMost ? `${shown.slice(0, atMost)}…` : shown
}
