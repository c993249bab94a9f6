// Errors as the command line prints them: the program's name, one sentence, and never a stack trace.

import { dirname, resolve } from 'node:path'
import { parseReference } from '../index.ts'
import { SpindleError, failedDeed } from '../model/error.ts'
import type { ErrorData } from '../model/error.ts'
import { GETOPT } from './arguments.ts'
import type { Words } from './arguments.ts'
import { printable } from './console.ts'
import { likeQemuImg, programName } from './program.ts'

export function errorText({
  message: said,
  other,
  code,
  operation = '',
}: Pick<ErrorData, 'message' | 'other'> & Partial<ErrorData>): string {
  const message = code === 'outside' && other !== undefined ? `${said} Here that is: --allow ${dirname(other)}` : said
  const command = likeQemuImg() && operation.startsWith(GETOPT) ? ` ${operation.slice(GETOPT.length)}` : ''
  return `${`${programName()}${command}: ${message}`.split('\n').map(printable).join('\n')}\n`
}

export function warningText(message: string): string {
  return errorText({ message: `warning: ${message}` })
}

/** A mistake that one sentence says all of. Scripts know qemu-img's words for it. */
export function refusal(message: string): SpindleError {
  return new SpindleError('invalid-argument', message)
}

/** What there is no file or no room for is told in the words that scripts look for: “Could not open 'disk.img': …”. */
export function told(error: unknown, words: Pick<Words, 'operands' | 'typed' | 'values'>): unknown {
  const deed = failedDeed(error)
  if (!deed || !(error instanceof SpindleError) || UNTOUCHED.has(error.code)) return error
  const name = shownName(error.path, words) ?? (deed === 'open' ? words.typed[0] : undefined) ?? error.path
  if (name === undefined) return error
  const reason = `Could not ${deed} '${name}': ${reasonOf(error, deed, name)}`
  return new SpindleError(error.code, reason, {
    path: error.path,
    offset: error.offset,
    other: error.other,
    cause: error,
  })
}

/** Their sentences say what was not done, or are not about the file. */
const UNTOUCHED = new Set<string>(['exists', 'no-space', 'cancelled', 'internal'])

/** What was typed for the file at this path. */
function shownName(
  path: string | undefined,
  { operands, typed, values }: Pick<Words, 'operands' | 'typed' | 'values'>,
) {
  if (path === undefined) return undefined
  const index = operands.findIndex((operand) => isAt(operand.replace(/^[io]f=/, ''), path))
  if (index >= 0) return typed[index]?.replace(/^[io]f=/, '')
  return values.find((value) => isAt(value, path))
}

function isAt(name: string, path: string): boolean {
  try {
    return resolve(parseReference(name).path) === path
  } catch {
    // It names no local file, so it is another one.
    return false
  }
}

/** The system's words, as C has them. */
const SYSTEM_WORDS: Readonly<Record<string, string>> = {
  ENOENT: 'No such file or directory',
  ENOTDIR: 'Not a directory',
  EACCES: 'Permission denied',
  EPERM: 'Operation not permitted',
  EROFS: 'Read-only file system',
  ELOOP: 'Too many levels of symbolic links',
  ENAMETOOLONG: 'File name too long',
}

function reasonOf(error: SpindleError, deed: 'open' | 'create', name: string): string {
  if (!likeQemuImg()) return error.message
  const { cause } = error
  const words = cause instanceof Error && 'code' in cause ? SYSTEM_WORDS[String(cause.code)] : undefined
  if (words !== undefined) return deed === 'open' ? `Could not open '${name}': ${words}` : words
  const [, format] = / is not in (\w+) format\.$/.exec(error.message) ?? []
  return format === undefined ? error.message : `Image is not in ${format} format`
}
