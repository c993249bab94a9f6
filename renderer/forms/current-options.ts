// What was chosen when an image was made, as it stands in it now.

import type { ImageFacts, OptionTable, OptionValue, OptionValues } from '../../core/model/index.ts'

/** By option name; what an image does not tell is left out. */
export function currentOptions({ details }: ImageFacts, options: OptionTable): OptionValues {
  return Object.fromEntries(
    options.flatMap(({ name }): readonly (readonly [string, OptionValue])[] => {
      if (name === 'cluster_size' && details.clusterSize !== undefined) return [[name, details.clusterSize]]
      const value = details.specific?.[name.replaceAll('_', '-')]
      return isValue(value) ? [[name, value]] : []
    }),
  )
}

function isValue(value: unknown): value is OptionValue {
  return typeof value === 'string' || typeof value === 'number' || typeof value === 'boolean'
}
