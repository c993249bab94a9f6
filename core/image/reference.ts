// Names of image files in qemu's writing: a plain path, `file:path`, or a `json:{…}` description of a local file.

import { SpindleError } from '../model/error.ts'

export interface Reference {
  /** As written: relative to whatever names it. */
  readonly path: string
  /** The format the name itself states. */
  readonly format?: string
}

const PROTOCOL = /^([^/]*?):/
const LOCAL = new Set(['file', 'host_device'])

/** Throws `unsupported` for anything that is not a local file, `invalid-argument` for a description that makes no sense. */
export function parseReference(text: string): Reference {
  if (text === '' || text.includes('\0')) {
    throw new SpindleError('invalid-argument', `“${shown(text)}” cannot be the name of a file.`)
  }
  if (text.startsWith('json:')) return describedFile(text)
  if (text.startsWith('file:')) return { path: text.slice('file:'.length) }
  const protocol = PROTOCOL.exec(text)?.[1]
  if (protocol === undefined) return { path: text }
  throw new SpindleError(
    'unsupported',
    `${shown(text)} is not a local file: Spindle has no part for “${shown(protocol)}:”. If a file is called that, write ./ in front of it.`,
  )
}

/** The format that a `json:{…}` name states. Throws as parseReference does. */
export function statedFormat(text: string): string | undefined {
  return text.startsWith('json:') ? parseReference(text).format : undefined
}

function describedFile(text: string): Reference {
  const said = new Map(flatten(parseJson(text)))
  const take = (key: string): string | undefined => {
    const value = said.get(key)
    said.delete(key)
    return typeof value === 'string' ? value : undefined
  }
  const driver = take('driver')
  const bare = driver !== undefined && LOCAL.has(driver)
  const protocol = bare ? driver : (take('file.driver') ?? 'file')
  const path = take(bare ? 'filename' : 'file.filename')
  if (!LOCAL.has(protocol)) {
    throw new SpindleError(
      'unsupported',
      `${shown(text)} is not a local file: Spindle has no part for “${shown(protocol)}”.`,
    )
  }
  if (path === undefined || path === '') {
    throw new SpindleError('invalid-argument', `${shown(text)} names no file: it needs "filename" under "file".`)
  }
  // Which passphrase opens it is found out by trying those there are.
  for (const key of ['key-secret', 'encrypt.key-secret', 'encrypt.format']) said.delete(key)
  const [unknown] = said.keys()
  if (unknown !== undefined) {
    // Skipping one could show other bytes than were meant: an offset, say.
    throw new SpindleError('unsupported', `Spindle does not know “${shown(unknown)}” in ${shown(text)}.`)
  }
  return { path, ...(driver !== undefined && !bare && { format: driver }) }
}

/** Nested objects as qemu's dotted names: `file.filename`. */
function flatten(record: object, prefix = ''): readonly (readonly [string, unknown])[] {
  return Object.entries(record).flatMap(([key, value]): readonly (readonly [string, unknown])[] =>
    typeof value === 'object' && value !== null
      ? flatten(value as object, `${prefix}${key}.`)
      : [[`${prefix}${key}`, value]],
  )
}

function parseJson(text: string): object {
  try {
    const value: unknown = JSON.parse(text.slice('json:'.length))
    if (typeof value === 'object' && value !== null) return value
  } catch {
    // Said below, in our own words.
  }
  throw new SpindleError('invalid-argument', `${shown(text)} holds no JSON object after “json:”.`)
}

/** Names come out of images: no control characters, and not pages of them. */
function shown(text: string): string {
  const short = text.length > 120 ? `${text.slice(0, 120)}…` : text
  return short.replaceAll(/\p{Cc}/gu, '�')
}
