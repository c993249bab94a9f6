// Checking create options against a driver's table: one place for the form, `-o` and job specs.

import { SpindleError, assertNever } from '../model/error.ts'
import type { OptionSpec, OptionTable, OptionValue, OptionValues, SizeOption } from '../model/option.ts'
import { formatSize, isPowerOfTwo, parseSize } from '../model/units.ts'

/** Every option of the table with a valid value. Throws `invalid-argument` naming the option and what it may be. */
export function completeOptions(table: OptionTable, given: OptionValues): OptionValues {
  const known = new Set(table.map((option) => option.name))
  for (const name of Object.keys(given)) {
    if (!known.has(name))
      throw new SpindleError('invalid-argument', `There is no option “${name}” here. Known: ${[...known].join(', ')}.`)
  }
  return Object.fromEntries(table.map((option) => [option.name, optionValue(option, given[option.name])]))
}

/** Texts as typed after `-o`, `cluster_size=128K`, as values. The names are checked by completeOptions. */
export function parseOptions(table: OptionTable, texts: ReadonlyMap<string, string>): OptionValues {
  return Object.fromEntries(
    [...texts].map(([name, text]) => [
      name,
      parseValue(
        table.find((option) => option.name === name),
        text,
      ),
    ]),
  )
}

/** The other way round, as one would type it after `-o`. What is the default anyway is left out. */
export function optionsText(table: OptionTable, values: OptionValues): string {
  return table
    .flatMap(({ name, default: usual }) => {
      const value = values[name]
      if (value === undefined || value === usual) return []
      const text = typeof value === 'boolean' ? (value ? 'on' : 'off') : String(value)
      return [`${name}=${text.replaceAll(',', ',,')}`]
    })
    .join(',')
}

function parseValue(option: OptionSpec | undefined, text: string): OptionValue {
  switch (option?.kind) {
    case 'boolean':
      if (text === 'on' || text === 'yes' || text === 'true') return true
      if (text === 'off' || text === 'no' || text === 'false') return false
      throw refused(option, text, '“on” or “off”')
    case 'size':
      return parseSize(text) ?? refuse(option, text, 'a size such as 64K')
    case 'number':
      return /^\d+$/.test(text) ? Number(text) : refuse(option, text, option.values.join(', '))
    default:
      return text
  }
}

function optionValue(option: OptionSpec, value: OptionValue | undefined): OptionValue {
  if (value === undefined) return option.default
  switch (option.kind) {
    case 'boolean':
      return typeof value === 'boolean' ? value : refuse(option, value, '“on” or “off”')
    case 'choice': {
      const choice = option.choices.find((one) => one.value === value || one.aliases?.some((alias) => alias === value))
      return choice ? choice.value : refuse(option, value, option.choices.map((one) => one.value).join(', '))
    }
    case 'size': {
      const fits =
        typeof value === 'number' &&
        value >= option.min &&
        value <= option.max &&
        (option.powerOfTwo !== true || isPowerOfTwo(value))
      // Worded only when it is needed: the first number that is formatted costs a program as short as this 20 ms.
      return fits ? value : refuse(option, value, allowedSizes(option))
    }
    case 'number':
      return typeof value === 'number' && option.values.includes(value)
        ? value
        : refuse(option, value, option.values.join(', '))
    case 'text':
      return typeof value === 'string' ? value : refuse(option, value, 'text')
    default:
      return assertNever(option)
  }
}

function allowedSizes({ min, max, powerOfTwo }: SizeOption): string {
  return `${powerOfTwo === true ? 'a power of two ' : ''}between ${formatSize(min)} and ${formatSize(max)}`
}

function refused(option: OptionSpec, value: OptionValue, allowed: string): SpindleError {
  return new SpindleError('invalid-argument', `${option.name}=${String(value)} cannot be: it must be ${allowed}.`)
}

function refuse(option: OptionSpec, value: OptionValue, allowed: string): never {
  throw refused(option, value, allowed)
}
