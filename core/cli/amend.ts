// `spindle amend`: what was chosen when an image was made, chosen otherwise.

import { keySlotAction } from './amend-keys.ts'
import { parseOptions } from '../index.ts'
import { SpindleError } from '../model/error.ts'
import type { ImageFacts } from '../model/image.ts'
import type { AmendJob } from '../model/job.ts'
import type { OptionTable } from '../model/option.ts'
import type { FormatFacts } from '../model/plan.ts'
import type { CommandWords } from './arguments.ts'
import { usageError } from './arguments.ts'
import { CACHE, IMAGE_OPTS, KEEP_UNDO, OBJECT, PROGRESS, QUIET, undoHint } from './command.ts'
import type { Command } from './command.ts'
import { optionLines, sizeOf, sortedLines } from './create-options.ts'
import { refusal } from './failure.ts'
import { parseKeyValues } from './key-values.ts'
import { fileNamed } from './names.ts'
import { programName } from './program.ts'
import { SILENT, progressView } from './progress.ts'

const words: CommandWords = {
  name: 'amend',
  summary: 'Change format options of an existing image',
  operands: 'FILE',
  options: [
    { long: 'format', short: 'f', value: 'FMT', help: 'take FILE to be in this format instead of finding it out' },
    { long: 'options', short: 'o', value: 'NAME=VALUE,…', help: 'options that are to change; "-o help" lists them' },
    { long: 'force', help: 'remove also the last passphrase of an encrypted image, whose data is lost then' },
    KEEP_UNDO,
    PROGRESS,
    QUIET,
    CACHE,
    IMAGE_OPTS,
    OBJECT,
  ],
  refused: [],
  notes: [
    'All of the options change, or none: also when the command is stopped. What reads the disk sees the same before and after.',
    'backing_fmt can be stated for the backing file there is; to have another one use rebase. data_file changes the name alone, for a file that was moved.',
    'Passphrases of encrypted images: encrypt.state=active,encrypt.new-secret=ID adds one (ID of an --object secret, or asked for), encrypt.state=inactive with encrypt.keyslot=N or encrypt.old-secret=ID removes some; for LUKS by itself without "encrypt.". Never the last one without --force.',
  ],
}

/** qemu-img's words for what it can amend in a qcow2 image beside create options. */
const SHARED = new Set(['backing_file', 'backing_fmt', 'size'])
const KEYS = new Set([
  'encrypt.state',
  'encrypt.keyslot',
  'encrypt.old-secret',
  'encrypt.new-secret',
  'encrypt.iter-time',
])

export const amend: Command = {
  words,
  async run(given, { console, operations, signal }) {
    const texts = given.texts('options')
    if (texts.length === 0) throw usageError(words, 'Must specify options (-o)')
    const values = parseKeyValues(texts)
    const statedFormat = given.text('format')
    const [file, ...others] = given.operands
    if (!values && statedFormat !== undefined) {
      console.out(amendHelp(operations.format(statedFormat)))
      return 0
    }
    if (file === undefined || others.length > 0) throw refusal('Expecting one image file name')
    const { path, shown, format } = fileNamed(file, statedFormat, operations)
    const [facts] = await operations.inspect({ path, chain: false, ...(format !== undefined && { format }) })
    if (!facts) throw new SpindleError('internal', 'an image without facts')
    const formatFacts = operations.format(facts.format)
    if (!values) {
      console.out(amendHelp(formatFacts))
      return 0
    }
    const action = keySlotAction(values, facts.format, given.has('force'))
    if (action && facts.details.encrypted === true) {
      await operations.keySlots(
        { path, format: facts.format, action },
        { signal, progress: () => {}, pointOfNoReturn: () => {} },
      )
      return 0
    }
    const { options, backingFormat } = amendments(values, formatFacts, facts)
    const job: AmendJob = {
      kind: 'amend',
      path,
      format: facts.format,
      options,
      ...(backingFormat !== undefined && { backingFormat: operations.format(backingFormat).format }),
      keepUndo: given.has('keep-undo'),
    }
    const quiet = given.has('quiet')
    const view = given.has('progress') && !quiet ? progressView(console) : SILENT
    let whole = false
    try {
      await operations.run(job, { signal, progress: view.update, pointOfNoReturn: () => {} })
      whole = true
    } finally {
      view.end(whole)
    }
    if (given.has('keep-undo') && !quiet) console.out(undoHint(shown))
    return 0
  },
}

function amendHelp(format: FormatFacts): string {
  const backing = ['backing_fmt=<str>', 'The format of the backing file there is'] as const
  const lines = optionLines(amendableIn(format))
  return [`Amend options for '${format.format}':`, ...sortedLines([...lines, backing]), ''].join('\n')
}

function amendableIn({ format, options }: FormatFacts): OptionTable {
  const amendable = options.filter((option) => option.amendable === true)
  if (amendable.length > 0) return amendable
  throw refusal(`Format driver '${format}' does not support option amendment`)
}

interface Amendments {
  readonly options: AmendJob['options']
  readonly backingFormat: string | undefined
}

function amendments(texts: ReadonlyMap<string, string>, format: FormatFacts, facts: ImageFacts): Amendments {
  const amendable = amendableIn(format)
  const own = new Map<string, string>()
  for (const [name, text] of texts) {
    if (amendable.some((option) => option.name === name)) own.set(name, text)
    else if (KEYS.has(name)) throw refusal("Can't amend encryption options - encryption not present")
    else if (!SHARED.has(name)) throw refusal(unknownOption(name, format))
  }
  const size = texts.get('size')
  if (size !== undefined && sizeOf(size) !== facts.virtualSize)
    throw refusal(`Cannot amend the size\nYou can use '${programName()} resize' instead.`)
  const backingFile = texts.get('backing_file') ?? facts.backing?.path ?? ''
  const backingFormat = texts.get('backing_fmt')
  const isOther = backingFile !== (facts.backing?.path ?? '')
  if (isOther || (backingFormat !== undefined && !facts.backing))
    throw refusal(`Cannot amend the backing file\nYou can use '${programName()} rebase' instead.`)
  return { options: parseOptions(format.options, own), backingFormat }
}

function unknownOption(name: string, { options }: FormatFacts): string {
  const isKnown = options.some((option) => option.name === name) || name.startsWith('encrypt')
  return `Invalid parameter '${name}'${isKnown ? '\nThis option is only supported for image creation' : ''}`
}
