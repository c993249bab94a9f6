// Errors as the command line prints them: the program's name, one sentence, and never a stack trace.

import { dirname } from 'node:path'
import type { ErrorData } from '../model/error.ts'
import { programName } from './program.ts'
import { printable } from './console.ts'

export function errorText({
  message: said,
  other,
  code,
}: Pick<ErrorData, 'message' | 'other'> & Partial<ErrorData>): string {
  const message = code === 'outside' && other !== undefined ? `${said} Here that is: --allow ${dirname(other)}` : said
  return `${`${programName()}: ${message}`.split('\n').map(printable).join('\n')}\n`
}

export function warningText(message: string): string {
  return errorText({ message: `warning: ${message}` })
}
