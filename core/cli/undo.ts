// `spindle undo`: an image as it was before it was last changed in place.

import type { CommandWords } from './arguments.ts'
import { usageError } from './arguments.ts'
import { QUIET } from './command.ts'
import type { Command } from './command.ts'
import { printable } from './console.ts'
import { fileNamed } from './names.ts'

const words: CommandWords = {
  name: 'undo',
  summary: 'Take back the last change in place',
  operands: 'FILE',
  options: [QUIET],
  refused: [],
  notes: [
    'Puts FILE back, byte for byte, as it was before a change that was cut off, or that was asked to keep its undo file (FILE.spindle-undo). What was done to FILE by others since is never overwritten: then it says so and changes nothing.',
  ],
}

export const undo: Command = {
  words,
  async run(given, { console, operations }) {
    const [name, ...others] = given.operands
    if (name === undefined || others.length > 0) throw usageError(words, 'Expecting one image file name')
    const { path, shown } = fileNamed(name, undefined, operations)
    const state = await operations.undoState(path)
    await operations.undo(path)
    if (!given.has('quiet')) {
      const what = state?.complete === false ? 'before a change that was cut off' : 'before the last change'
      console.out(`${printable(shown)} is as it was ${what}.\n`)
    }
    return 0
  },
}
