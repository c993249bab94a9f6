// Words on the command line, read as getopt_long reads them: one table a command, for parsing and for help.

import { SpindleError } from '../model/error.ts'
import { programName } from './program.ts'

export interface OptionWord {
  readonly long: string
  /** One letter. */
  readonly short?: string
  /** What its value is called in the help; left out, it takes none. */
  readonly value?: string
  /** The values there are, and what to say of others. */
  readonly allowed?: { readonly values: readonly string[]; readonly refusal: (value: string) => string }
  readonly help: string
  /** Another name of an option there is. */
  readonly sameAs?: string
}

export interface CommandWords {
  readonly name: string
  readonly summary: string
  /** After the options, as in `FILE [SIZE]`. */
  readonly operands: string
  readonly options: readonly OptionWord[]
  /** qemu-img's words that Spindle has no part for yet: refused by name instead of misread. */
  readonly refused: readonly Omit<OptionWord, 'help'>[]
  /** A number with a minus in front is an operand of this command, not a row of letters. */
  readonly signedOperands?: boolean
  /** How many operands `--image-opts` describes; left out, one. */
  readonly describedOperands?: number
  /** The last operand is an image to write into, described where `--target-image-opts` is given. */
  readonly describedTarget?: boolean
  /** What to know beyond the options; one paragraph a line. */
  readonly notes: readonly string[]
}

export interface Words {
  readonly operands: readonly string[]
  /** The same as they were typed, also where they describe an image. */
  readonly typed: readonly string[]
  has(long: string): boolean
  /** The last one wins, as in every such program. */
  text(long: string): string | undefined
  texts(long: string): readonly string[]
  /** Of all options. */
  readonly values: readonly string[]
  /** All options as they were typed, in that order; what takes no value has an empty one. */
  readonly inOrder: readonly (readonly [long: string, value: string])[]
}

type Word = Omit<OptionWord, 'help'> & { readonly refused?: boolean }

/** Stands in an error for a mistake in the words, and in front of the command for one that getopt would find. */
const USAGE = 'usage'
export const GETOPT = 'getopt '

export const HELP: OptionWord = { long: 'help', short: 'h', help: 'explain this command' }

/** Throws `invalid-argument` with the sentence to print. */
export function parseWords(command: CommandWords, given: readonly string[]): Words {
  const words: readonly Word[] = [
    HELP,
    ...command.options,
    ...command.refused.map((word) => ({ ...word, refused: true })),
  ]
  const found = new Map<string, string[]>()
  const inOrder: (readonly [string, string])[] = []
  const operands: string[] = []
  const rest = [...given]
  const take = (word: Word, shown: string, value: string | undefined): void => {
    if (word.refused === true) throw usageError(command, `Spindle does not have the option ${shown} yet`)
    if (word.value !== undefined && value === undefined) value = rest.shift()
    if (word.value !== undefined && value === undefined) {
      const what = shown.startsWith('--')
        ? `option '${shown}' requires an argument`
        : `option requires an argument -- '${shown.slice(1)}'`
      throw getoptError(command, what)
    }
    const { allowed } = word
    if (allowed && !allowed.values.includes(value ?? '')) {
      throw new SpindleError('invalid-argument', allowed.refusal(value ?? ''))
    }
    const name = word.sameAs ?? word.long
    inOrder.push([name, value ?? ''])
    found.set(name, [...(found.get(name) ?? []), value ?? ''])
  }

  for (let one = rest.shift(); one !== undefined; one = rest.shift()) {
    if (one === '--') {
      operands.push(...rest.splice(0))
    } else if (one.startsWith('--')) {
      const [name, value] = splitOnce(one.slice(2), '=')
      const word = byLongName(command, words, name)
      if (word.value === undefined && value !== undefined) {
        throw getoptError(command, `option '--${word.long}' doesn't allow an argument`)
      }
      take(word, `--${word.long}`, value)
    } else if (one.startsWith('-') && one !== '-' && !(command.signedOperands === true && /^-\d/.test(one))) {
      takeShort(one.slice(1))
    } else {
      operands.push(one)
    }
  }

  /** Letters may stand together, and the value of the last one right behind it: `-pO qcow2`, `-fraw`. */
  function takeShort(letters: string): void {
    const [letter = ''] = letters
    const word = words.find((one) => one.short === letter)
    if (!word) throw getoptError(command, `invalid option -- '${letter}'`)
    const behind = letters.slice(letter.length)
    if (word.value !== undefined) take(word, `-${letter}`, behind === '' ? undefined : behind)
    else take(word, `-${letter}`, undefined)
    if (word.value === undefined && behind !== '') takeShort(behind)
  }

  return {
    operands,
    typed: operands,
    inOrder,
    values: inOrder.map(([, value]) => value).filter((value) => value !== ''),
    has: (long) => found.has(long),
    text: (long) => found.get(long)?.at(-1),
    texts: (long) => found.get(long) ?? [],
  }
}

/** What getopt would say; its messages alone begin with the command as well. */
function getoptError(command: CommandWords, message: string): SpindleError {
  const error = usageError(command, message)
  return new SpindleError(error.code, error.message, { operation: `${GETOPT}${command.name}` })
}

/** A mistake in the words themselves: the message ends by pointing to the help. */
export function usageError(command: Pick<CommandWords, 'name'>, message: string): SpindleError {
  const call = command.name === '' ? programName() : `${programName()} ${command.name}`
  return new SpindleError('invalid-argument', `${message}\nTry '${call} --help' for more info`, { operation: USAGE })
}

/** A name may be cut short as long as it is clear which is meant. */
function byLongName(command: CommandWords, words: readonly Word[], name: string): Word {
  const exact = words.find((word) => word.long === name)
  if (exact) return exact
  const [first, ...others] = words.filter((word) => word.long.startsWith(name))
  if (!first) throw getoptError(command, `unrecognized option '--${name}'`)
  if (others.length > 0) {
    const names = [first, ...others].map((word) => `'--${word.long}'`).join(' ')
    throw getoptError(command, `option '--${name}' is ambiguous; possibilities: ${names}`)
  }
  return first
}

export function splitOnce(text: string, mark: string): readonly [string, string | undefined] {
  const at = text.indexOf(mark)
  return at < 0 ? [text, undefined] : [text.slice(0, at), text.slice(at + mark.length)]
}
