// `-o` of create and convert: a format's own options, and the words every format shares.

import { parseOptions } from '../index.ts'
import type { Operations } from '../index.ts'
import { SpindleError } from '../model/error.ts'
import type { OptionSpec, OptionTable, OptionValues } from '../model/option.ts'
import type { FormatFacts } from '../model/plan.ts'
import { PRESETS } from '../model/preset.ts'
import type { Preset } from '../model/preset.ts'
import { parseSize } from '../model/units.ts'
import { escapeValue, parseKeyValues } from './key-values.ts'
import { refusal } from './failure.ts'
import { numberOf } from './numbers.ts'

export interface CreateOptions {
  readonly values: OptionValues
  /** As typed, the shared words included. */
  readonly texts: ReadonlyMap<string, string>
  readonly backingFile?: string
  readonly backingFormat?: string
  /** Bytes. */
  readonly size?: number
}

const SHARED = new Set(['backing_file', 'backing_fmt', 'size'])

/** Undefined when the user asked which options there are. */
export function createOptions(format: FormatFacts, given: readonly string[]): CreateOptions | undefined {
  const texts = parseKeyValues(given)
  if (!texts) return undefined
  const own = new Map([...texts].filter(([name]) => !SHARED.has(name)))
  const backingFile = texts.get('backing_file')
  const backingFormat = texts.get('backing_fmt')
  const size = texts.get('size')
  return {
    values: parseOptions(format.options, known(own, format)),
    texts,
    ...(backingFile !== undefined && { backingFile }),
    ...(backingFormat !== undefined && { backingFormat }),
    ...(size !== undefined && { size: sizeOf(size) }),
  }
}

function known(texts: ReadonlyMap<string, string>, { format, options }: FormatFacts): ReadonlyMap<string, string> {
  const other = [...texts.keys()].find((name) => !options.some((option) => option.name === name))
  if (other === undefined) return texts
  throw refusal(`Invalid parameter '${other}'\n“-o help” lists the options of ${format}.`)
}

/** Where the image is to run, as named by `--for`, and the format that comes with it. */
export interface Purpose {
  readonly format: FormatFacts
  readonly preset?: Preset
}

/** Throws where `--for` and a format that was named do not go together. */
export function purposeOf(place: string | undefined, format: string | undefined, operations: Operations): Purpose {
  if (place === undefined) return { format: targetFormat(format ?? 'raw', operations) }
  const preset = PRESETS.find((one) => one.id === place)
  if (!preset) {
    const known = PRESETS.map((one) => `${one.id} (${one.title})`).join(', ')
    throw new SpindleError('invalid-argument', `There is no place “${place}” to make images for. Known: ${known}.`)
  }
  if (format === undefined || format === preset.format) return { format: operations.format(preset.format), preset }
  throw new SpindleError(
    'invalid-argument',
    `${preset.title} needs the format ${preset.format}, so ${format} cannot be asked for as well. ${preset.reason}`,
  )
}

/** Throws in qemu-img's words for a format that there is none of. */
export function targetFormat(name: string, operations: Operations): FormatFacts {
  const known = operations.formats().map(({ format }) => format)
  if (known.some((format) => format === name)) return operations.format(name)
  throw refusal(`Unknown file format '${name}'\nKnown: ${known.join(', ')}.`)
}

export function sizeOf(text: string): number {
  return numberOf('image size', text)
}

/** Bytes a second. */
export function rateOf(text: string): number {
  return numberOf('rate limit', text, { least: 1 })
}

/** What `-o help` prints. */
export function optionsHelp(format: FormatFacts): string {
  const backing: readonly (readonly [string, string])[] = format.capabilities.backing
    ? [
        ['backing_file=<str>', 'The file below the new image, as with -b'],
        ['backing_fmt=<str>', 'Its format, as with -F'],
      ]
    : []
  const lines = [...backing, ['size=<size>', 'Virtual disk size, as in SIZE'] as const, ...optionLines(format.options)]
  return [`Supported ${format.format} options:`, ...sortedLines(lines), ''].join('\n')
}

type OptionLine = readonly [name: string, help: string]

export function optionLines(options: OptionTable): readonly OptionLine[] {
  return options.map((option) => [`${option.name}=<${valueName(option)}>`, optionHelp(option)])
}

export function sortedLines(lines: readonly OptionLine[]): readonly string[] {
  return lines.toSorted(([a], [b]) => (a < b ? -1 : 1)).map(([name, help]) => `  ${name.padEnd(22)} - ${help}`)
}

function valueName(option: OptionSpec): string {
  switch (option.kind) {
    case 'boolean':
      return 'bool (on/off)'
    case 'size':
      return 'size'
    case 'number':
      return 'num'
    default:
      return 'str'
  }
}

function optionHelp(option: OptionSpec): string {
  switch (option.kind) {
    case 'choice':
      return `${option.help} (${option.choices.map((choice) => choice.value).join(', ')}; default ${option.default})`
    case 'number':
      return `${option.help} (${option.values.join(', ')}; default ${option.default})`
    case 'boolean':
      return `${option.help} (default ${option.default ? 'on' : 'off'})`
    case 'size':
      return `${option.help} (default ${option.default})`
    default:
      return option.help
  }
}

type SummaryEntry = readonly [name: string, always: boolean]

const ENCRYPTION_WORDS = [
  'format',
  'key-secret',
  'cipher-alg',
  'cipher-mode',
  'ivgen-alg',
  'ivgen-hash-alg',
  'hash-alg',
  'iter-time',
]

/** qemu-img's order, and whether it names the value even when it is the default. */
const QCOW2_SUMMARY: readonly SummaryEntry[] = [
  ...ENCRYPTION_WORDS.map((name): SummaryEntry => [`encrypt.${name}`, false]),
  ['cluster_size', true],
  ['extended_l2', true],
  ['preallocation', false],
  ['compression_type', true],
  ['size', true],
  ['compat', false],
  ['backing_file', false],
  ['backing_fmt', false],
  ['data_file', false],
  ['data_file_raw', false],
  ['lazy_refcounts', true],
  ['refcount_bits', true],
]

/** Options that are named even when they have their default, of other formats, and in this order. */
const ALWAYS_TOLD: Readonly<Record<string, readonly string[]>> = {
  qed: ['cluster_size'],
  vdi: ['static'],
  vhdx: ['log_size', 'block_size'],
  vmdk: ['compat6', 'hwversion'],
}

/** The line qemu-img prints when it makes an image. */
export function formattingLine(file: string, format: FormatFacts, texts: ReadonlyMap<string, string>): string {
  const told = ALWAYS_TOLD[format.format] ?? []
  const others = format.options.map((one) => one.name).filter((name) => !told.includes(name))
  const usual = [
    ['size', false] as const,
    ...told.map((name) => [name, true] as const),
    ...others.map((name) => [name, false] as const),
  ]
  const summary: readonly SummaryEntry[] = format.format === 'qcow2' ? QCOW2_SUMMARY : usual
  const parts = summary.flatMap(([name, always]) => {
    const option = format.options.find((one) => one.name === name)
    const text = texts.get(name) ?? (always && option ? valueText(option) : undefined)
    return text === undefined ? [] : [`${name}=${escapeValue(inFull(option, text))}`]
  })
  return `Formatting '${file}', fmt=${[format.format, ...parts].join(' ')}\n`
}

function valueText(option: OptionSpec): string {
  return option.kind === 'boolean' ? (option.default ? 'on' : 'off') : String(option.default)
}

function inFull(option: OptionSpec | undefined, text: string): string {
  return option?.kind === 'size' ? String(parseSize(text) ?? text) : text
}
