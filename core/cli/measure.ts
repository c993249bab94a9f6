// `spindle measure`: how large a new image would be.

import type { Operations } from '../index.ts'
import { SpindleError } from '../model/error.ts'
import type { CommandWords, Words } from './arguments.ts'
import { FORCE_SHARE, IMAGE_OPTS, OBJECT, OUTPUT, outputKind } from './command.ts'
import type { Command } from './command.ts'
import { createOptions, optionsHelp, sizeOf, targetFormat } from './create-options.ts'
import { refusal } from './failure.ts'
import { fileNamed } from './names.ts'
import { jsonText } from './wording.ts'

const words: CommandWords = {
  name: 'measure',
  summary: 'Tell how large a new image would be',
  operands: '[FILE]',
  options: [
    { long: 'target-format', short: 'O', value: 'FMT', help: 'format of the new image; raw is the default' },
    {
      long: 'target-options',
      short: 'o',
      value: 'NAME=VALUE,…',
      help: 'options of that format; "-o help" lists them, a comma inside a value is written twice',
    },
    { long: 'size', short: 's', value: 'SIZE', help: 'for an empty disk of this size, instead of the data in FILE' },
    { long: 'format', short: 'f', value: 'FMT', help: 'take FILE to be in this format instead of finding it out' },
    { long: 'snapshot', short: 'l', value: 'SNAPSHOT', help: 'for the disk as this snapshot inside FILE has it' },
    OUTPUT,
    FORCE_SHARE,
    IMAGE_OPTS,
    OBJECT,
  ],
  refused: [],
  notes: [
    'Required is the length of the new file with the data of FILE in it, fully allocated the one it can grow to, and bitmaps what those of FILE would take on top. With backing_file among the options all of the disk counts as data, since what the backing file has of it is not known; it is not opened.',
    'A snapshot is measured by the size the disk had then; qemu-img takes the size of now.',
  ],
}

export const measure: Command = {
  words,
  async run(given, { console, operations, signal }) {
    const kind = outputKind(words, given)
    const format = targetFormat(given.text('target-format') ?? 'raw', operations)
    const options = createOptions(format, given.texts('target-options'))
    if (!options) {
      console.out(optionsHelp(format))
      return 0
    }
    const { backingFile, backingFormat } = options
    if (backingFile !== undefined && !format.capabilities.backing) {
      throw new SpindleError('invalid-argument', `An image in ${format.title} format cannot have a backing file.`)
    }
    const { required, fullyAllocated, bitmaps } = await operations.measure(
      {
        format: format.format,
        options: options.values,
        disk: diskOf(given, operations),
        // Only that there is one changes the sizes.
        ...(backingFile !== undefined && { backing: { path: backingFile, format: backingFormat ?? 'raw' } }),
      },
      signal,
    )
    if (kind === 'json') {
      console.out(`${jsonText({ bitmaps, required, 'fully-allocated': fullyAllocated })}\n`)
    } else {
      console.out(`required size: ${required}\nfully allocated size: ${fullyAllocated}\n`)
      if (bitmaps !== undefined) console.out(`bitmaps size: ${bitmaps}\n`)
    }
    return 0
  },
}

function diskOf(given: Words, operations: Operations) {
  const [name, ...others] = given.operands
  const size = given.text('size')
  const snapshot = given.text('snapshot')
  if (others.length > 0) throw refusal('At most one filename argument is allowed.')
  if (name !== undefined) {
    if (size !== undefined) throw refusal('--size N cannot be used together with a filename.')
    const { path, format } = fileNamed(name, given.text('format'), operations)
    const image = { kind: 'image', path, ...(format !== undefined && { format }) } as const
    return snapshot === undefined ? image : { ...image, snapshot }
  }
  if (given.has('format') || snapshot !== undefined) throw refusal('-f and -l require a filename argument.')
  if (size === undefined) throw refusal('Either --size N or one filename must be specified.')
  return { kind: 'size', virtualSize: sizeOf(size) } as const
}
