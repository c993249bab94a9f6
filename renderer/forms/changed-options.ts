// The options of a form that are worth sending.

import type { FormatFacts, OptionSpec, OptionValue, OptionValues } from '../../core/model/index.ts'

/** Those of this format that differ from its defaults: another format may have been chosen before. */
export function changedOptions(options: OptionValues, facts: FormatFacts): OptionValues {
  return Object.fromEntries(
    facts.options.flatMap((option) => {
      const value = options[option.name]
      return value === undefined || value === option.default || !holds(option, value) ? [] : [[option.name, value]]
    }),
  )
}

function holds(option: OptionSpec, value: OptionValue): boolean {
  return option.kind !== 'choice' || option.choices.some((choice) => choice.value === value)
}
