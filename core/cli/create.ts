// `spindle create`: a new, empty image.

import type { Operations } from '../index.ts'
import { SpindleError } from '../model/error.ts'
import type { CreateJob } from '../model/job.ts'
import type { CommandWords, Words } from './arguments.ts'
import { usageError } from './arguments.ts'
import { FOR, FORCE, OBJECT, QUIET, mayReplace, runMaking } from './command.ts'
import type { Command } from './command.ts'
import { printable } from './console.ts'
import { createOptions, formattingLine, optionsHelp, purposeOf, sizeOf } from './create-options.ts'
import { refusal, told } from './failure.ts'
import { fileNamed } from './names.ts'
import { likeQemuImg } from './program.ts'

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
    const named = given.operands[0]
    const { format, preset } = purposeOf(
      given.text('for'),
      creatable(given.text('format'), named, operations),
      operations,
    )
    const options = createOptions(format, given.texts('options'))
    if (!options) {
      console.out(optionsHelp(format))
      return 0
    }
    const [name, size, ...others] = given.operands
    if (name === undefined) throw usageError(words, 'Expecting image file name')
    if (others.length > 0) throw usageError(words, `Unexpected argument: ${others[0]}`)
    if (size !== undefined && options.size !== undefined) {
      throw about(name, 'The image size must be specified only once')
    }
    const file = fileNamed(name, undefined, operations)
    const virtualSize = size === undefined ? options.size : sizeOf(size)
    const backing = backingOf(
      given.text('backing') ?? options.backingFile,
      given.text('backing-format') ?? options.backingFormat,
      name,
    )
    if (virtualSize === undefined && (!backing || given.has('backing-unsafe'))) {
      throw about(name, 'Image creation needs a size parameter')
    }
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
    try {
      await runMaking(job, session, ({ phase, total }) => {
        if (phase === 'copy') madeSize ??= total
      })
    } catch (error) {
      throw likeQemuImg() ? aboutTarget(error, file.shown, given) : error
    }
    const texts = new Map([
      ...options.texts,
      ['size', String(madeSize)],
      ...(backing ? [['backing_file', backing.path] as const, ['backing_fmt', backing.format] as const] : []),
    ])
    if (!given.has('quiet')) console.out(printable(formattingLine(file.shown, format, texts).trimEnd()) + '\n')
    return 0
  },
}

/** qemu-img says which image could not be made. */
function about(name: string, message: string): SpindleError {
  return refusal(`${name}: ${message}`)
}

function aboutTarget(error: unknown, name: string, given: Words): unknown {
  const better = told(error, given)
  return better instanceof SpindleError ? new SpindleError(better.code, `${name}: ${better.message}`) : better
}

function creatable(format: string | undefined, name: string | undefined, operations: Operations): string | undefined {
  if (format === undefined || name === undefined) return format
  const known = operations.formats().find((one) => one.format === format)
  if (!known) throw about(name, `Unknown file format '${format}'`)
  if (!known.capabilities.create) throw about(name, `Format driver '${format}' does not support image creation`)
  return format
}

function backingOf(path: string | undefined, format: string | undefined, name: string) {
  if (path === undefined && format === undefined) return undefined
  if (path === undefined) throw about(name, 'Backing format cannot be used without backing file')
  if (format !== undefined) return { path, format }
  throw about(
    name,
    'Backing file specified without backing format\nGive it with -F: guessing it later could be turned against you.',
  )
}
