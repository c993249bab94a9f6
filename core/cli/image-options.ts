// `--image-opts`: an image described by qemu's dotted names instead of by the name of its file.

import { usageError } from './arguments.ts'
import type { CommandWords, Words } from './arguments.ts'
import { parseKeyValues } from './key-values.ts'

/** The same words, with each description as the `json:` name that says the same. */
export function withDescriptions(command: CommandWords, words: Words): Words {
  const last = words.operands.length - 1
  const isDescribed = (index: number): boolean =>
    command.describedTarget === true && index === last
      ? words.has('target-image-opts')
      : words.has('image-opts') && index < (command.describedOperands ?? 1)
  const operands = words.operands.map((operand, index) => (isDescribed(index) ? described(command, operand) : operand))
  return { ...words, operands }
}

function described(command: CommandWords, text: string): string {
  // As dd has it: what the file is for stands in front.
  const [, role = '', description = ''] = /^([io]f=)?(.*)$/s.exec(text) ?? []
  if (role === 'of=') return text
  const values = description.includes('=') ? parseKeyValues([description]) : undefined
  if (!values) throw usageError(command, `--image-opts expects driver=…,file.filename=…, not '${description}'`)
  return `${role}json:${JSON.stringify(Object.fromEntries(values))}`
}
