// What a differencing disk lies on: the names its header has for the parent, turned into names of files here.

import { namesHere } from '../../image/windows-path.ts'
import type { BackingRef } from '../../model/image.ts'
import { readPadded } from '../../storage/storage.ts'
import type { Storage } from '../../storage/storage.ts'
import { uuidText } from './footer.ts'
import {
  DYNAMIC_HEADER,
  LOCATORS_OFFSET,
  LOCATOR_COUNT,
  MAX_LOCATOR_LENGTH,
  PARENT_LOCATOR,
  PLATFORM,
} from './layout.ts'
import type { DynamicHeaderFields } from './layout.ts'

/** A name of the parent, and where in the file it stands. Offset and length in bytes. */
export interface Located {
  readonly code: number
  readonly text: string
  readonly offset: number
  readonly length: number
}

export function backingOf(header: DynamicHeaderFields, located: readonly Located[]): BackingRef {
  const stated = fromUtf16(header.parent_name, 'big')
  // A relative name is still right when the folder has been moved; one of another machine is right but for its folders.
  const names = [
    ...textsOf(located, PLATFORM.windowsRelative).flatMap(namesHere),
    ...textsOf(located, PLATFORM.macUrl).flatMap(fromUrl),
    ...textsOf(located, PLATFORM.windowsAbsolute).flatMap(namesHere),
    ...namesHere(stated),
  ]
  const hasIdentity = header.parent_unique_id.some((byte) => byte !== 0)
  const identity = uuidText(header.parent_unique_id)
  const [path, ...alternatives] = [...new Set(names), ...(hasIdentity ? [`uuid:${identity}`] : [])]
  return {
    path: path ?? `uuid:${identity}`,
    alternatives,
    format: 'vpc',
    ...(hasIdentity && { identity }),
  }
}

function textsOf(located: readonly Located[], code: number): readonly string[] {
  return located.filter((one) => one.code === code).map(({ text }) => text)
}

/** `bytes` is the dynamic header as it is in the file. */
export async function readLocators(
  storage: Storage,
  bytes: Uint8Array,
  headerOffset: number,
): Promise<readonly Located[]> {
  const size = await storage.size()
  const found: Located[] = []
  for (let index = 0; index < LOCATOR_COUNT; index += 1) {
    const at = LOCATORS_OFFSET + index * PARENT_LOCATOR.size
    const place = { path: storage.name, offset: headerOffset + at }
    const view = new DataView(bytes.buffer, bytes.byteOffset + at, PARENT_LOCATOR.size)
    // One that leads nowhere is passed over: there may be others, and the name in the header.
    if (view.getUint32(PARENT_LOCATOR.fields.data_offset.offset) !== 0) continue
    const locator = PARENT_LOCATOR.decode(bytes.subarray(at, at + PARENT_LOCATOR.size), place)
    const { platform_code: code, data_length: length, data_offset: offset } = locator
    if (length === 0 || length > MAX_LOCATOR_LENGTH || offset < DYNAMIC_HEADER.size || offset + length > size) continue
    const text = new Uint8Array(length)
    await readPadded(storage, offset, text)
    const isWide = code === PLATFORM.windowsRelative || code === PLATFORM.windowsAbsolute
    const words = isWide ? fromUtf16(text, 'little') : untilNul(new TextDecoder().decode(text))
    found.push({ code, text: words, offset, length })
  }
  return found
}

/** `file:///absolute` or `file://./relative`. */
function fromUrl(text: string): readonly string[] {
  const path = /^file:\/\/(?:localhost)?(.+)$/.exec(text)?.[1]
  if (path === undefined) return []
  try {
    return namesHere(decodeURIComponent(path))
  } catch {
    // A per cent sign that stands for itself.
    return namesHere(path)
  }
}

function fromUtf16(bytes: Uint8Array, order: 'big' | 'little'): string {
  const even = Buffer.from(bytes.subarray(0, bytes.length - (bytes.length % 2)))
  return untilNul(new TextDecoder('utf-16le').decode(order === 'big' ? even.swap16() : even))
}

function untilNul(text: string): string {
  const end = text.indexOf('\0')
  return end === -1 ? text : text.slice(0, end)
}
