// `--image-opts`: an image described by qemu's dotted names instead of by the name of its file.

import { usageError } from './arguments.ts'
import type { CommandWords, Words } from './arguments.ts'
import { parseKeyValues } from './key-values.ts'

/** The same words, with each description as the `json:` name that says the same. */
export function withDescriptions(command: CommandWords, words: Words): Words {
  if (!words.has('image-opts')) return words
  const count = command.describedOperands ?? 1
  const operands = words.operands.map((operand, index) => (index < count ? described(command, operand) : operand))
  return { ...words, operands }
}

function described(command: CommandWords, text: string): string {
  const values = text.includes('=') ? parseKeyValues([text]) : undefined
  if (!values) throw usageError(command, `--image-opts expects driver=…,file.filename=…, not '${text}'`)
  return `json:${JSON.stringify(Object.fromEntries(values))}`
}
