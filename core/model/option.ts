// How a format describes its create options: one table that the form, `-o`, its help and validation all draw from.

interface OptionBase {
  /** qemu-img's word, as in `-o cluster_size=64K`. */
  readonly name: string
  /** Label in a form. */
  readonly title: string
  /** One sentence: what it does and when one would want it. */
  readonly help: string
  /** Folded away in the create dialog. */
  readonly advanced?: boolean
  /** Left out of the dialogs: reachable by the command line only. */
  readonly hidden?: boolean
  /** Can be given another value in an image that is there. */
  readonly amendable?: boolean
}
export interface BooleanOption extends OptionBase {
  readonly kind: 'boolean'
  readonly default: boolean
}
export interface ChoiceOption extends OptionBase {
  readonly kind: 'choice'
  readonly default: string
  readonly choices: readonly { readonly value: string; readonly title: string; readonly aliases?: readonly string[] }[]
}
/** Bytes. */
export interface SizeOption extends OptionBase {
  readonly kind: 'size'
  readonly default: number
  readonly min: number
  readonly max: number
  readonly powerOfTwo?: boolean
}
export interface NumberOption extends OptionBase {
  readonly kind: 'number'
  readonly default: number
  readonly values: readonly number[]
}
export interface TextOption extends OptionBase {
  readonly kind: 'text'
  readonly default: string
}
export type OptionSpec = BooleanOption | ChoiceOption | SizeOption | NumberOption | TextOption
export type OptionTable = readonly OptionSpec[]

export type OptionValue = string | number | boolean
/** Values by option name; names left out take their default. */
export type OptionValues = Readonly<Record<string, OptionValue>>
