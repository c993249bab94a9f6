// `spindle mv` and `spindle cp`: an image with all its files under another name, told to the images that lie on it.

import { statSync } from 'node:fs'
import { basename, join, relative, resolve } from 'node:path'
import { leadingName } from './leading-name.ts'
import type { CommandWords } from './arguments.ts'
import { usageError } from './arguments.ts'
import { PROGRESS, QUIET } from './command.ts'
import type { Command } from './command.ts'
import { printable } from './console.ts'
import { SILENT, progressView } from './progress.ts'

const MV: CommandWords = {
  name: 'mv',
  summary: 'Rename or move an image, and tell the images that lie on it',
  operands: 'FILE TARGET',
  options: [PROGRESS, QUIET],
  refused: [],
  notes: [
    'TARGET is a new name or a folder. Everything the image is made of goes along, and the images in its folder that lie on it get its new name: all of that happens, or none. A move that was cut off is ended by giving the same command again.',
  ],
}

const CP: CommandWords = {
  name: 'cp',
  summary: 'Copy an image with all its files, byte for byte',
  operands: 'FILE TARGET',
  options: [PROGRESS, QUIET],
  refused: [],
  notes: ['TARGET is a new name or a folder. Holes stay holes, and the copy is compared with the original.'],
}

export const mv: Command = commandFor('move', MV)
export const cp: Command = commandFor('copy', CP)

function commandFor(kind: 'copy' | 'move', words: CommandWords): Command {
  return {
    words,
    async run(given, { console, operations, signal }) {
      const [file, to, ...others] = given.operands
      if (file === undefined || to === undefined || others.length > 0)
        throw usageError(words, 'Expecting an image file name and where it is to be')
      const path = await leadingName(resolve(file), operations)
      const target = isFolder(to) ? join(resolve(to), basename(path)) : resolve(to)
      const quiet = given.has('quiet')
      const view = given.has('progress') && !quiet ? progressView(console) : SILENT
      let whole = false
      try {
        const result = await operations.run(
          { kind, path, target },
          { signal, progress: view.update, pointOfNoReturn: () => {} },
        )
        whole = true
        for (const warning of result.warnings) console.error(`${printable(warning)}\n`)
        if (result.kind === 'move' && !quiet)
          for (const one of result.told) console.out(`${printable(relative('.', one))} knows its new name.\n`)
      } finally {
        view.end(whole)
      }
      return 0
    },
  }
}

function isFolder(path: string): boolean {
  return statSync(path, { throwIfNoEntry: false })?.isDirectory() === true
}
