// What a differencing image says of the image below it: its GUID, and the names it had where the image was made.

import type { BytesPlace } from '../../bytes/structure.ts'
import { SpindleError } from '../../model/error.ts'
import { namesHere } from '../../image/windows-path.ts'
import type { BackingRef } from '../../model/image.ts'
import { notValid } from './damage.ts'
import { parseGuid } from '../../bytes/guid.ts'
import { LOCATOR, LOCATOR_ENTRY, VHDX_LOCATOR } from './layout.ts'

/** There are five keys; more entries than this could only be meant to fill memory. */
const MOST_ENTRIES = 64

/** Texts by key: `parent_linkage`, `relative_path`, `volume_path`, `absolute_win32_path`. */
export type Locator = ReadonlyMap<string, string>

export function readLocator(bytes: Uint8Array, place: BytesPlace): Locator {
  const { type, count } = LOCATOR.decode(bytes, place)
  if (type !== VHDX_LOCATOR)
    throw new SpindleError(
      'unsupported',
      `${place.path} names the image below it in a way that Spindle does not know (${type}). Nothing was changed.`,
      place,
    )
  if (count > MOST_ENTRIES)
    throw notValid(
      place.path,
      `it says ${count} things of the image below it, and there are five to be said`,
      place.offset,
    )
  const texts = new Map<string, string>()
  for (let index = 0; index < count; index += 1) {
    const entry = LOCATOR_ENTRY.decode(bytes.subarray(LOCATOR.size + index * LOCATOR_ENTRY.size), place)
    const key = textAt(bytes, entry.key_offset, entry.key_length, place)
    if (texts.has(key)) throw notValid(place.path, 'it says two things of the image below it', place.offset)
    texts.set(key, textAt(bytes, entry.value_offset, entry.value_length, place))
  }
  return texts
}

/** Throws `invalid-image` when it is not said which image lies below. */
export function backingOf(locator: Locator, place: BytesPlace): BackingRef {
  const identity = parseGuid(locator.get('parent_linkage') ?? '')
  if (identity === undefined) throw notValid(place.path, 'it does not say which image it lies on', place.offset)
  const paths = [
    ...namesHere(locator.get('relative_path') ?? ''),
    ...namesHere(locator.get('absolute_win32_path') ?? ''),
    ...namesHere(locator.get('volume_path') ?? ''),
    `uuid:${identity}`,
  ]
  const [path = '', ...alternatives] = new Set(paths)
  return { path, alternatives, format: 'vhdx', identity }
}

function textAt(bytes: Uint8Array, offset: number, length: number, place: BytesPlace): string {
  if (length % 2 !== 0 || offset + length > bytes.length)
    throw notValid(place.path, 'a text in what it says of the image below it ends outside of that', place.offset)
  return new TextDecoder('utf-16le').decode(bytes.subarray(offset, offset + length))
}
