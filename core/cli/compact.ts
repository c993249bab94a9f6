// `spindle compact`: the same disk in a smaller file.

import type { CommandWords } from './arguments.ts'
import { usageError } from './arguments.ts'
import { OBJECT, PROGRESS, QUIET } from './command.ts'
import type { Command } from './command.ts'
import { printable } from './console.ts'
import { warningText } from './failure.ts'
import { fileNamed } from './names.ts'
import { SILENT, progressView } from './progress.ts'
import { sizeText } from './wording.ts'

const words: CommandWords = {
  name: 'compact',
  summary: 'Put an image into a smaller file',
  operands: 'FILE',
  options: [
    { long: 'format', short: 'f', value: 'FMT', help: 'take FILE to be in this format instead of finding it out' },
    PROGRESS,
    QUIET,
    OBJECT,
  ],
  refused: [],
  notes: [
    'Writes the disk into a new file of the same format without what nobody needs any more, reads it back and compares, and gives it the name of FILE. The old file goes to the trash as it is: see “spindle trash”.',
  ],
}

export const compact: Command = {
  words,
  async run(given, { console, operations, signal }) {
    const [file, ...others] = given.operands
    if (file === undefined || others.length > 0) throw usageError(words, 'Expecting one image file name')
    const { path, shown, format } = fileNamed(file, given.text('format'), operations)
    const quiet = given.has('quiet')
    const view = given.has('progress') && !quiet ? progressView(console) : SILENT
    const job = { kind: 'compact', path, ...(format !== undefined && { format }) } as const
    let whole = false
    let freed = 0
    try {
      const context = { signal, progress: view.update, pointOfNoReturn: () => {} }
      const result = await operations.run(job, context)
      whole = true
      if (result.kind === 'compact') freed = result.before - result.after
      for (const warning of result.warnings) console.error(warningText(warning))
    } finally {
      view.end(whole)
    }
    if (!quiet)
      console.out(
        freed > 0
          ? `${printable(shown)} takes ${sizeText(freed)} less. The old file is in the trash.\n`
          : `Nothing is to be gained in ${printable(shown)}; it was left as it is.\n`,
      )
    return 0
  },
}
