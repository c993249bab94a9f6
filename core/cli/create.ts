// `spindle create`: a new, empty image.

import { SpindleError } from '../model/error.ts'
import type { CreateJob } from '../model/job.ts'
import type { CommandWords } from './arguments.ts'
import { usageError } from './arguments.ts'
import { FOR, FORCE, OBJECT, QUIET, mayReplace, runMaking } from './command.ts'
import type { Command } from './command.ts'
import { printable } from './console.ts'
import { createOptions, formattingLine, optionsHelp, purposeOf, sizeOf } from './create-options.ts'
import { fileNamed } from './names.ts'

const words: CommandWords = {
  name: 'create',
  summary: 'Make a new disk image',
  operands: 'FILE [SIZE]',
  options: [
    { long: 'format', short: 'f', value: 'FMT', help: 'format of the new image; raw is the default' },
    {
      long: 'options',
      short: 'o',
      value: 'NAME=VALUE,…',
      help: 'options of the format; "-o help" lists them, a comma inside a value is written twice',
    },
    {
      long: 'backing',
      short: 'b',
      value: 'FILE',
      help: 'put the new image on top of this one, which is then only read',
    },
    { long: 'backing-format', short: 'F', value: 'FMT', help: 'format of the backing file' },
    { long: 'backing-unsafe', short: 'u', help: 'do not look at the backing file, which may not be there yet' },
    FOR,
    QUIET,
    FORCE,
    OBJECT,
  ],
  refused: [],
  notes: [
    'SIZE is in bytes, or has one of the suffixes K M G T P E, powers of 1024. It may be left out above a backing file, whose size is taken then.',
    'FILE is written as FILE.partial and renamed when it is whole. Unlike qemu-img, a file that is there already is not replaced without --force.',
  ],
}

export const create: Command = {
  words,
  async run(given, session) {
    const { console, operations } = session
    const { format, preset } = purposeOf(given.text('for'), given.text('format'), operations)
    const options = createOptions(format, given.texts('options'))
    if (!options) {
      console.out(optionsHelp(format))
      return 0
    }
    const [name, size, ...others] = given.operands
    if (name === undefined) throw usageError(words, 'Expecting image file name')
    if (others.length > 0) throw usageError(words, `Unexpected argument: ${others[0]}`)
    if (size !== undefined && options.size !== undefined) {
      throw usageError(words, 'The image size must be specified only once')
    }
    const file = fileNamed(name, undefined, operations)
    const virtualSize = size === undefined ? options.size : sizeOf(size)
    const backing = backingOf(
      given.text('backing') ?? options.backingFile,
      given.text('backing-format') ?? options.backingFormat,
    )
    const job: CreateJob = {
      kind: 'create',
      target: file.path,
      format: format.format,
      options: { ...preset?.options, ...options.values },
      ...(preset && { preset: preset.id }),
      ...(virtualSize !== undefined && { virtualSize }),
      ...(backing && { backing: { path: backing.path, format: operations.format(backing.format).format } }),
      backingUnseen: given.has('backing-unsafe'),
      overwrite: mayReplace(given),
    }
    let madeSize = virtualSize
    await runMaking(job, session, ({ phase, total }) => {
      if (phase === 'copy') madeSize ??= total
    })
    const texts = new Map([
      ...options.texts,
      ['size', String(madeSize)],
      ...(backing ? [['backing_file', backing.path] as const, ['backing_fmt', backing.format] as const] : []),
    ])
    if (!given.has('quiet')) console.out(printable(formattingLine(file.shown, format, texts).trimEnd()) + '\n')
    return 0
  },
}

function backingOf(path: string | undefined, format: string | undefined) {
  if (path === undefined && format === undefined) return undefined
  if (path === undefined) {
    throw new SpindleError('invalid-argument', 'A backing format was given (-F), but no backing file (-b).')
  }
  if (format === undefined) {
    throw new SpindleError(
      'invalid-argument',
      `Give the format of the backing file ${path} with -F: guessing it later could be turned against you.`,
    )
  }
  return { path, format }
}
