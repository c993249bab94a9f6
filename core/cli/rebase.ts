// `spindle rebase`: another image below the same disk, or none.

import { SpindleError } from '../model/error.ts'
import type { FormatId } from '../model/image.ts'
import type { Operations } from '../index.ts'
import type { CommandWords } from './arguments.ts'
import { usageError } from './arguments.ts'
import {
  CACHE,
  FORCE_SHARE,
  IMAGE_OPTS,
  KEEP_UNDO,
  OBJECT,
  PROGRESS,
  QUIET,
  SOURCE_CACHE,
  undoHint,
} from './command.ts'
import type { Command } from './command.ts'
import { refusal } from './failure.ts'
import { fileNamed } from './names.ts'
import { SILENT, progressView } from './progress.ts'

const words: CommandWords = {
  name: 'rebase',
  summary: 'Change backing file of the image',
  operands: 'FILE',
  options: [
    { long: 'format', short: 'f', value: 'FMT', help: 'take FILE to be in this format instead of finding it out' },
    {
      long: 'backing',
      short: 'b',
      value: 'BACKING',
      help: 'the image to lie below FILE from now on, relative to the folder of FILE; "" for none, which takes all data in',
    },
    { long: 'backing-format', short: 'F', value: 'FMT', help: 'the format of BACKING' },
    {
      long: 'backing-unsafe',
      short: 'u',
      help: 'change the name alone, for an image that was moved: the disk changes when BACKING holds something else',
    },
    { long: 'compress', short: 'c', help: 'pack what FILE takes in' },
    KEEP_UNDO,
    PROGRESS,
    QUIET,
    FORCE_SHARE,
    CACHE,
    { ...SOURCE_CACHE, long: 'backing-cache' },
    IMAGE_OPTS,
    OBJECT,
  ],
  refused: [],
  notes: [
    'Without -u the disk stays what it is: FILE takes in whatever BACKING has otherwise. This happens as a whole or not at all, whenever the command is stopped.',
  ],
}

function formatNamed(name: string, operations: Operations): FormatId {
  const known = operations.formats().find(({ format }) => format === name)
  if (known) return known.format
  throw refusal(`Invalid format name: '${name}'`)
}

export const rebase: Command = {
  words,
  async run(given, { console, operations, signal }) {
    const [file, ...others] = given.operands
    if (file === undefined || others.length > 0) throw usageError(words, 'Expecting one image file name')
    const backing = given.text('backing')
    const nameOnly = given.has('backing-unsafe')
    if (backing === undefined && !nameOnly) {
      throw usageError(words, 'Must specify backing file (-b) or use unsafe mode (-u)')
    }
    const stated = given.text('backing-format')
    const backingFormat = stated === undefined ? undefined : formatNamed(stated, operations)
    const hasBacking = backing !== undefined && backing !== ''
    // Guessing the format of a raw image would let a guest choose it.
    if (hasBacking && backingFormat === undefined) {
      throw new SpindleError(
        'invalid-argument',
        `Could not change the backing file to '${backing}': backing format must be specified`,
      )
    }
    const { path, shown, format } = fileNamed(file, given.text('format'), operations)
    const quiet = given.has('quiet')
    const view = given.has('progress') && !quiet ? progressView(console) : SILENT
    const job = {
      kind: 'rebase',
      path,
      ...(format !== undefined && { format }),
      ...(hasBacking && backingFormat !== undefined && { backing: { path: backing, format: backingFormat } }),
      nameOnly,
      compress: given.has('compress'),
      keepUndo: given.has('keep-undo'),
    } as const
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
