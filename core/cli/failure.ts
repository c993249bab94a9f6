// Errors as the command line prints them: the program's name, one sentence, and never a stack trace.

import type { ErrorData } from '../model/error.ts'
import { programName } from './program.ts'
import { printable } from './console.ts'

export function errorText({ message }: Pick<ErrorData, 'message'>): string {
  return `${`${programName()}: ${message}`.split('\n').map(printable).join('\n')}\n`
}

export function warningText(message: string): string {
  return errorText({ message: `warning: ${message}` })
}
