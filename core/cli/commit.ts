// `spindle commit`: what an image has, moved down into one below it.

import { realpathSync } from 'node:fs'
import { resolve } from 'node:path'
import { SpindleError } from '../model/error.ts'
import type { ImageFacts } from '../model/image.ts'
import type { CommandWords } from './arguments.ts'
import { usageError } from './arguments.ts'
import { CACHE, IMAGE_OPTS, OBJECT, PROGRESS, QUIET } from './command.ts'
import type { Command } from './command.ts'
import { rateOf } from './create-options.ts'
import { warningText } from './failure.ts'
import { fileNamed } from './names.ts'
import { SILENT, progressView } from './progress.ts'

const words: CommandWords = {
  name: 'commit',
  summary: 'Commit image to its backing file',
  operands: 'FILE',
  options: [
    { long: 'format', short: 'f', value: 'FMT', help: 'take FILE to be in this format instead of finding it out' },
    {
      long: 'base',
      short: 'b',
      value: 'BASE',
      help: 'commit into this image of the chain instead of the one right below FILE; FILE is then not emptied',
    },
    { long: 'drop', short: 'd', help: 'do not empty FILE afterwards, because it is to be deleted' },
    {
      long: 'force',
      help: 'also when other images, or snapshots in FILE, read through what is changed and will then be damaged; not in qemu-img',
    },
    { long: 'rate', short: 'r', value: 'RATE', help: 'move no more than so many bytes a second; suffixes as in sizes' },
    PROGRESS,
    QUIET,
    CACHE,
    IMAGE_OPTS,
    OBJECT,
  ],
  refused: [],
  notes: [
    'Whatever reads through BASE sees its new data: images between FILE and BASE must not be used alone any more. Other images in the same folders that read through what is changed are looked for first, and named.',
    'The disk reads the same through FILE at any moment. Should the command be cut off, "spindle undo" puts back the image that was being changed.',
  ],
}

export const commit: Command = {
  words,
  async run(given, { console, operations, signal }) {
    const [file, ...others] = given.operands
    if (file === undefined || others.length > 0) throw usageError(words, 'Expecting one image file name')
    const { path, shown, format } = fileNamed(file, given.text('format'), operations)
    const stated = given.text('base')
    const chain = await operations.inspect({ path, chain: true, ...(format !== undefined && { format }) })
    const [top] = chain
    if (top && !top.backing) throw new SpindleError('invalid-argument', 'Image does not have a backing file')
    const base = stated === undefined ? undefined : baseNamed(stated, chain, shown)
    const rate = given.text('rate')
    const quiet = given.has('quiet')
    const view = given.has('progress') && !quiet ? progressView(console) : SILENT
    const job = {
      kind: 'commit',
      path,
      ...(format !== undefined && { format }),
      ...(base !== undefined && { base }),
      keepTop: given.has('drop') || base !== undefined,
      allowOthers: given.has('force'),
      ...(rate !== undefined && { rateLimit: rateOf(rate) }),
    } as const
    let whole = false
    try {
      const { warnings } = await operations.run(job, { signal, progress: view.update, pointOfNoReturn: () => {} })
      whole = true
      for (const warning of warnings) console.error(warningText(warning))
    } finally {
      view.end(whole)
    }
    if (!quiet) console.out('Image committed.\n')
    return 0
  },
}

/** By its path, or as the image above it calls it. */
function baseNamed(name: string, chain: readonly ImageFacts[], shown: string): string {
  const path = real(resolve(name))
  const found = chain.find(
    (one, index) => index > 0 && (real(one.path) === path || chain[index - 1]?.backing?.path === name),
  )
  if (found) return found.path
  throw new SpindleError('invalid-argument', `Did not find '${name}' in the backing chain of '${shown}'`)
}

function real(path: string): string {
  try {
    return realpathSync(path)
  } catch {
    // What is not there is in no chain.
    return path
  }
}
