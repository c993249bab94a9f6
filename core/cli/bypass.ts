// `spindle bypass`: an image is taken out of the middle of its chain.

import type { CommandWords } from './arguments.ts'
import { usageError } from './arguments.ts'
import { OBJECT, PROGRESS, QUIET } from './command.ts'
import type { Command } from './command.ts'
import { printable } from './console.ts'
import { warningText } from './failure.ts'
import { fileNamed } from './names.ts'
import { SILENT, progressView } from './progress.ts'

const words: CommandWords = {
  name: 'bypass',
  summary: 'Put what lies on an image onto what lies below it',
  operands: 'FILE',
  options: [
    { long: 'format', short: 'f', value: 'FMT', help: 'take FILE to be in this format instead of finding it out' },
    PROGRESS,
    QUIET,
    OBJECT,
  ],
  refused: [],
  notes: [
    'Every image that lies on FILE takes in what it reads from it, and lies on what FILE lies on from then on; without that it stands alone. All disks read the same at any moment. FILE itself is left as it is, with nothing on it: it can then be deleted.',
    'Images on FILE are looked for in its folder. “spindle tree FILE” shows them.',
  ],
}

export const bypass: Command = {
  words,
  async run(given, { console, operations, signal }) {
    const [file, ...others] = given.operands
    if (file === undefined || others.length > 0) throw usageError(words, 'Expecting one image file name')
    const { path, shown, format } = fileNamed(file, given.text('format'), operations)
    const quiet = given.has('quiet')
    const view = given.has('progress') && !quiet ? progressView(console) : SILENT
    const job = { kind: 'bypass', path, ...(format !== undefined && { format }) } as const
    let whole = false
    try {
      const context = { signal, progress: view.update, pointOfNoReturn: () => {} }
      const result = await operations.run(job, context)
      whole = true
      for (const warning of result.warnings) console.error(warningText(warning))
    } finally {
      view.end(whole)
    }
    if (!quiet) console.out(`Nothing lies on ${printable(shown)} any more.\n`)
    return 0
  },
}
