// `spindle bitmap`: the dirty bitmaps inside an image.

import type { Operations } from '../index.ts'
import type { BitmapJob } from '../model/job.ts'
import { SpindleError, failedDeed } from '../model/error.ts'
import type { CommandWords, Words } from './arguments.ts'
import { IMAGE_OPTS, KEEP_UNDO, OBJECT, undoHint } from './command.ts'
import type { Command } from './command.ts'
import { sizeOf } from './create-options.ts'
import { refusal } from './failure.ts'
import { fileNamed } from './names.ts'

const words: CommandWords = {
  name: 'bitmap',
  summary: 'Add, change and remove the dirty bitmaps in an image',
  operands: 'FILE BITMAP',
  options: [
    { long: 'add', help: 'make a new, empty bitmap that is enabled' },
    {
      long: 'granularity',
      short: 'g',
      value: 'SIZE',
      help: 'with --add: how much of the disk one bit stands for; the cluster size is the default, from 4K to 64K',
    },
    { long: 'remove', help: 'delete the bitmap' },
    { long: 'clear', help: 'mark nothing any more' },
    { long: 'enable', help: 'keep it up to date whenever the disk is written' },
    { long: 'disable', help: 'leave it as it is from now on' },
    { long: 'merge', value: 'SOURCE', help: 'mark what the bitmap SOURCE marks as well' },
    { long: 'source-file', short: 'b', value: 'SOURCE-FILE', help: 'with --merge: SOURCE is in this image' },
    { long: 'source-format', short: 'F', value: 'FMT', help: 'format of SOURCE-FILE' },
    { long: 'format', short: 'f', value: 'FMT', help: 'take FILE to be in this format instead of finding it out' },
    KEEP_UNDO,
    IMAGE_OPTS,
    OBJECT,
  ],
  refused: [],
  notes: [
    'Several of these may be given, and happen in the order they are typed: all of them, or none when one cannot be done. "spindle info" lists the bitmaps.',
  ],
}

const ACTIONS: ReadonlySet<string> = new Set(['add', 'remove', 'clear', 'enable', 'disable', 'merge'])

export const bitmap: Command = {
  words,
  async run(given, { console, operations, signal }) {
    checkWords(given)
    const [file, name, ...others] = given.operands
    if (file === undefined || name === undefined || others.length > 0)
      throw refusal('Expecting filename and bitmap name')
    const { path, shown, format } = fileNamed(file, given.text('format'), operations)
    const keepUndo = given.has('keep-undo')
    const job: BitmapJob = {
      kind: 'bitmap',
      path,
      ...(format !== undefined && { format }),
      name,
      actions: actionsOf(given, operations),
      keepUndo,
    }
    try {
      await operations.run(job, { signal, progress: () => {}, pointOfNoReturn: () => {} })
    } catch (error) {
      // Scripts look for these words; which of several it was is in what follows.
      if (!(error instanceof SpindleError) || failedDeed(error)) throw error
      const verb = given.inOrder.find(([long]) => ACTIONS.has(long))?.[0] ?? ''
      throw new SpindleError(error.code, `Operation ${verb} on bitmap ${name} failed: ${error.message}`, {
        cause: error,
      })
    }
    if (keepUndo) console.out(undoHint(shown))
    return 0
  },
}

function checkWords(given: Words): void {
  if (!given.inOrder.some(([long]) => ACTIONS.has(long)))
    throw refusal('Need at least one of --add, --remove, --clear, --enable, --disable, or --merge')
  if (given.has('granularity') && !given.has('add')) throw refusal('granularity only supported with --add')
  if (given.has('source-format') && !given.has('source-file')) throw refusal('-F only supported with -b')
  if (given.has('source-file') && !given.has('merge'))
    throw refusal('Merge bitmap source file only supported with --merge')
}

function actionsOf(given: Words, operations: Operations): BitmapJob['actions'] {
  const granularity = given.text('granularity')
  const file = given.text('source-file')
  const source = file === undefined ? undefined : fileNamed(file, given.text('source-format'), operations)
  return given.inOrder.flatMap(([long, value]) => {
    switch (long) {
      case 'add':
        return { kind: 'add', ...(granularity !== undefined && { granularity: sizeOf(granularity) }) } as const
      case 'merge':
        return { kind: 'merge', from: value, ...(source && { source }) } as const
      case 'remove':
      case 'clear':
      case 'enable':
      case 'disable':
        return { kind: long } as const
      default:
        return []
    }
  })
}
