// What `--help` prints, made from the same tables that parse the command line.

import { HELP } from './arguments.ts'
import type { CommandWords, OptionWord } from './arguments.ts'
import { DIFFERENCES } from './differences.ts'

const WIDTH = 88

export function commandHelp(command: CommandWords): string {
  const options = [HELP, ...command.options]
  const refused = command.refused.map((word) => `--${word.long}`)
  return [
    `${command.summary}.`,
    '',
    `Usage: spindle ${command.name} [options] ${command.operands}`,
    '',
    'Options:',
    ...options.flatMap((option) => [`  ${optionNames(option)}`, ...wrap(option.help, '      ')]),
    ...command.notes.flatMap((note) => ['', ...wrap(note, '')]),
    ...(refused.length > 0
      ? ['', ...wrap(`Options of qemu-img that are not here yet: ${refused.join(', ')}.`, '')]
      : []),
    '',
  ].join('\n')
}

/** The manual's part on what is otherwise than in qemu-img. */
export function differencesText(): string {
  return [
    'What spindle does otherwise than qemu-img, which it otherwise takes the words, the output and the exit codes of:',
    ...DIFFERENCES.flatMap(({ text }) => ['', ...wrap(`- ${text}`, '  ').map((line) => line.replace(/^ {2}- /, '- '))]),
    '',
  ].join('\n')
}

export function generalHelp(version: string, commands: readonly (readonly [name: string, summary: string])[]): string {
  return [
    `spindle ${version}: disk images of virtual machines, in qemu-img's words.`,
    '',
    'Usage: spindle [--help | --version] COMMAND [--help | options]',
    '',
    'Commands:',
    ...commands.map(([name, summary]) => `  ${name.padEnd(10)}${summary}`),
    '',
    '  plan      Tell what any of these would do, in front of it, and do nothing',
    '',
    "Run 'spindle COMMAND --help' for what a command does and takes, and",
    "'spindle help differences' for what is otherwise than in qemu-img.",
    '',
  ].join('\n')
}

function optionNames({ short, long, value }: OptionWord): string {
  const names = short === undefined ? `--${long}` : `-${short}, --${long}`
  return value === undefined ? names : `${names} ${value}`
}

function wrap(text: string, indent: string): readonly string[] {
  const lines: string[] = []
  let line = indent
  for (const word of text.split(' ')) {
    if (line.length + word.length > WIDTH && line !== indent) {
      lines.push(line.trimEnd())
      line = indent
    }
    line += `${word} `
  }
  return [...lines, line.trimEnd()]
}
