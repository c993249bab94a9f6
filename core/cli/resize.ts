// `spindle resize`: a larger or smaller disk in the same image.

import { SpindleError } from '../model/error.ts'
import type { Preallocation, ResizeJob } from '../model/job.ts'
import { parseSize } from '../model/units.ts'
import type { CommandWords } from './arguments.ts'
import { usageError } from './arguments.ts'
import { IMAGE_OPTS, KEEP_UNDO, OBJECT, PROGRESS, QUIET, undoHint } from './command.ts'
import type { Command } from './command.ts'
import { printable } from './console.ts'
import { errorText, refusal, warningText } from './failure.ts'
import { fileNamed } from './names.ts'
import { likeQemuImg, programName } from './program.ts'
import { SILENT, progressView } from './progress.ts'
import { sizeText } from './wording.ts'

const words: CommandWords = {
  name: 'resize',
  summary: 'Make a disk larger or smaller',
  operands: 'FILE [+|-]SIZE',
  options: [
    { long: 'format', short: 'f', value: 'FMT', help: 'take FILE to be in this format instead of finding it out' },
    { long: 'shrink', help: 'allow the disk to become smaller: what lies beyond its new end is lost' },
    {
      long: 'preallocation',
      value: 'off|metadata|falloc|full',
      help: 'take room for what is new now: none (off, the default), tables only, reserved, or written',
    },
    {
      long: 'move-gpt',
      help: 'make a GUID partition table fit the new size: its copy moves to the new end of the disk; not in qemu-img',
    },
    KEEP_UNDO,
    PROGRESS,
    QUIET,
    IMAGE_OPTS,
    OBJECT,
  ],
  refused: [],
  signedOperands: true,
  notes: [
    'SIZE is in bytes, or has one of the suffixes K M G T P E, powers of 1024. With + or - in front of it the disk grows or shrinks by it.',
    'Partitions and file systems on the disk stay as they are (“spindle contents FILE” tells of them and of the size they need): grow them afterwards, and shrink them before. What a disk gains reads as zeros, also where it was larger once. Snapshots keep the size the disk had with them.',
  ],
}

const PREALLOCATIONS = new Set<string>(['off', 'metadata', 'falloc', 'full'])

export const resize: Command = {
  words,
  async run(given, { console, operations, signal }) {
    const [file, size, ...others] = given.operands
    if (file === undefined || size === undefined) throw usageError(words, 'Expecting image file name and size')
    if (others.length > 0) throw usageError(words, 'Extra argument(s) in command line')
    const preallocation = given.text('preallocation') ?? 'off'
    if (!isPreallocation(preallocation)) {
      throw new SpindleError('invalid-argument', `Invalid preallocation mode '${preallocation}'`)
    }
    const { path, shown, format } = fileNamed(file, given.text('format'), operations)
    const amount = amountOf(size.replace(/^[+-]/, ''))
    const [facts] = await operations.inspect({ path, chain: false, ...(format !== undefined && { format }) })
    if (!facts) throw new SpindleError('internal', 'an image without facts')
    const virtualSize = newSize(facts.virtualSize, size, amount)
    if (virtualSize <= 0) throw new SpindleError('invalid-argument', 'New image size must be positive')
    const shrinks = virtualSize < facts.virtualSize
    if (shrinks && preallocation !== 'off') {
      throw new SpindleError('invalid-argument', 'Preallocation can only be used for growing images')
    }
    const job: ResizeJob = {
      kind: 'resize',
      path,
      format: facts.format,
      virtualSize,
      shrink: given.has('shrink'),
      preallocation,
      ...(given.has('move-gpt') && { moveGpt: true }),
      keepUndo: given.has('keep-undo'),
    }
    if (shrinks && !job.shrink) {
      const { lostBytes } = await operations.planResize(job)
      console.error(errorText({ message: 'Use the --shrink option to perform a shrink operation.' }))
      console.error(
        warningText(
          "Shrinking an image will delete all data beyond the shrunken image's end. Before performing such an operation, make sure there is no important data there.",
        ),
      )
      if (likeQemuImg()) return 1
      const what = lostBytes === 0 ? 'No data lies' : `${sizeText(lostBytes)} of data lie`
      console.error(errorText({ message: `${what} beyond the new end at ${sizeText(virtualSize)}.` }))
      return 1
    }
    const quiet = given.has('quiet')
    const view = given.has('progress') && !quiet ? progressView(console) : SILENT
    let whole = false
    try {
      await operations.run(job, { signal, progress: view.update, pointOfNoReturn: () => {} })
      whole = true
    } finally {
      view.end(whole)
    }
    if (quiet) return 0
    console.out('Image resized.\n')
    // Who calls us by its name wants to hear what it would say, and no more.
    if (programName() === 'spindle') {
      const { problems } = await operations.contents({ path, format: facts.format })
      for (const problem of problems) console.error(warningText(printable(problem)))
    }
    if (given.has('keep-undo')) console.out(undoHint(shown))
    return 0
  },
}

function amountOf(text: string): number {
  const amount = parseSize(text)
  if (amount !== undefined) return amount
  throw refusal(
    "Parameter 'size' expects a non-negative number below 2^64\nOptional suffix k, M, G, T, P or E means kilo-, mega-, giga-, tera-, peta-\nand exabytes, respectively.",
  )
}

function newSize(now: number, text: string, amount: number): number {
  if (text.startsWith('+')) return now + amount
  return text.startsWith('-') ? now - amount : amount
}

function isPreallocation(text: string): text is Preallocation {
  return PREALLOCATIONS.has(text)
}
