// `spindle completion`: what makes a shell complete our commands and options, from the tables that parse them.

import type { Operations } from '../index.ts'
import { HELP, usageError } from './arguments.ts'
import type { CommandWords, OptionWord } from './arguments.ts'
import type { Command } from './command.ts'
import { COMMANDS } from './commands.ts'

const words: CommandWords = {
  name: 'completion',
  summary: 'Print what makes your shell complete commands and options',
  operands: 'bash|zsh|fish',
  options: [],
  refused: [],
  notes: [
    'bash: put  eval "$(spindle completion bash)"  into ~/.bashrc.',
    'zsh: put  eval "$(spindle completion zsh)"  into ~/.zshrc, behind compinit.',
    'fish: spindle completion fish > ~/.config/fish/completions/spindle.fish',
  ],
}

const SHELLS = { bash, zsh, fish } as const

export const completion: Command = {
  words,
  async run(given, { console, operations }) {
    const [shell = '', ...others] = given.operands
    const script = Object.hasOwn(SHELLS, shell) ? SHELLS[shell as keyof typeof SHELLS] : undefined
    if (!script || others.length > 0) throw usageError(words, 'Expecting bash, zsh or fish')
    const commands = await Promise.all([...COMMANDS.values()].map(async ({ load }) => (await load()).words))
    console.out(script(commands, operations))
    return 0
  },
}

/** What may stand behind an option; none where that is a file or anything. */
function valuesOf({ value = '', allowed }: OptionWord, operations: Operations): readonly string[] {
  if (allowed) return allowed.values
  if (value === 'FMT') return operations.formats().map(({ format }) => format)
  return /^[\w-]+(\|[\w-]+)+$/.test(value) ? value.split('|') : []
}

function namesOf({ short, long }: OptionWord): readonly string[] {
  return short === undefined ? [`--${long}`] : [`-${short}`, `--${long}`]
}

function optionsOf({ options }: CommandWords): readonly OptionWord[] {
  return [HELP, ...options]
}

function bash(commands: readonly CommandWords[], operations: Operations): string {
  const values = commands.flatMap((command) =>
    optionsOf(command).flatMap((option) => {
      const known = valuesOf(option, operations)
      if (known.length === 0) return []
      const places = namesOf(option).map((name) => `'${command.name} ${name}'`)
      return [`    ${places.join('|')}) COMPREPLY=($(compgen -W '${known.join(' ')}' -- "$current")); return ;;`]
    }),
  )
  const options = commands.map((command) => {
    return `        ${command.name}) words='${optionsOf(command).flatMap(namesOf).join(' ')}' ;;`
  })
  return `_spindle() {
  local current=\${COMP_WORDS[COMP_CWORD]} previous=\${COMP_WORDS[COMP_CWORD-1]} command=\${COMP_WORDS[1]} words=
  COMPREPLY=()
  if [ "$COMP_CWORD" -eq 1 ]; then
    COMPREPLY=($(compgen -W '${commands.map(({ name }) => name).join(' ')} help plan' -- "$current"))
    return
  fi
  if [ "$command" = plan ]; then
    if [ "$COMP_CWORD" -eq 2 ]; then
      COMPREPLY=($(compgen -W '${commands.map(({ name }) => name).join(' ')}' -- "$current"))
      return
    fi
    command=\${COMP_WORDS[2]}
  fi
  if [ "$current" = = ]; then current=; fi
  if [ "$previous" = = ]; then previous=\${COMP_WORDS[COMP_CWORD-2]}; fi
  case "$command $previous" in
${values.join('\n')}
  esac
  case $current in
    -*)
      case $command in
${options.join('\n')}
      esac
      COMPREPLY=($(compgen -W "$words" -- "$current"))
      return ;;
  esac
  COMPREPLY=($(compgen -f -- "$current"))
}
complete -o filenames -F _spindle spindle
`
}

/** For a place between single quotes, where zsh reads brackets and colons. */
function zshText(text: string): string {
  return text.replaceAll("'", '’').replaceAll(/[[\]:\\]/g, String.raw`\$&`)
}

function zsh(commands: readonly CommandWords[], operations: Operations): string {
  const cases = commands.map((command) => {
    const lines = optionsOf(command).map((option) => {
      const known = valuesOf(option, operations)
      const action = known.length > 0 ? `(${known.join(' ')})` : '_files'
      const value = option.value === undefined ? '' : `:${zshText(option.value)}:${action}`
      const help = `[${zshText(option.help)}]`
      const [first = '', second] = namesOf(option)
      const names = second === undefined ? `'*${first}` : `'*'{${first},${second}}'`
      return `        ${names}${help}${value}' \\`
    })
    return `    ${command.name})\n      _arguments -s \\\n${lines.join('\n')}\n        '*:file:_files' ;;`
  })
  return `#compdef spindle
_spindle() {
  local -a commands
  commands=(
${commands.map(({ name, summary }) => `    '${name}:${zshText(summary)}'`).join('\n')}
    'help:Explain a command'
    'plan:Tell what a command would do'
  )
  if (( CURRENT == 2 )); then
    _describe command commands
    return
  fi
  shift words
  (( CURRENT-- ))
  case $words[1] in
${cases.join('\n')}
    *) _files ;;
  esac
}
if [ "$funcstack[1]" = _spindle ]; then _spindle "$@"; else compdef _spindle spindle; fi
`
}

function fishText(text: string): string {
  return `'${text.replaceAll(/['\\]/g, String.raw`\$&`)}'`
}

function fish(commands: readonly CommandWords[], operations: Operations): string {
  const lines = commands.flatMap((command) => [
    `complete -c spindle -n __fish_use_subcommand -x -a ${command.name} -d ${fishText(command.summary)}`,
    ...optionsOf(command).map((option) => {
      const known = valuesOf(option, operations)
      const short = option.short === undefined ? '' : ` -s ${option.short}`
      const value = option.value === undefined ? '' : known.length > 0 ? ` -x -a ${fishText(known.join(' '))}` : ' -r'
      return `complete -c spindle -n '__fish_seen_subcommand_from ${command.name}'${short} -l ${option.long}${value} -d ${fishText(option.help)}`
    }),
  ])
  return [
    'complete -c spindle -e',
    ...lines,
    "complete -c spindle -n __fish_use_subcommand -x -a help -d 'Explain a command'",
    "complete -c spindle -n __fish_use_subcommand -x -a plan -d 'Tell what a command would do'",
    '',
  ].join('\n')
}
