// `spindle compare`: whether two images hold the same disk.

import { errorData } from '../model/error.ts'
import type { ErrorData } from '../model/error.ts'
import type { CompareJob, JobResult, Phase } from '../model/job.ts'
import { roundDown } from '../model/units.ts'
import type { CommandWords, Words } from './arguments.ts'
import { usageError } from './arguments.ts'
import { FORCE_SHARE, IMAGE_OPTS, OBJECT, PROGRESS, QUIET, SOURCE_CACHE } from './command.ts'
import type { Command, Session } from './command.ts'
import { errorText, told } from './failure.ts'
import { fileNamed } from './names.ts'
import { SILENT, progressView } from './progress.ts'

const words: CommandWords = {
  name: 'compare',
  summary: 'Say whether two disks hold the same',
  operands: 'FILE1 FILE2',
  options: [
    { long: 'a-format', short: 'f', value: 'FMT', help: 'take FILE1 to be in this format instead of finding it out' },
    { long: 'b-format', short: 'F', value: 'FMT', help: 'the same for FILE2' },
    { long: 'all', help: 'list every range that differs, in bytes; not in qemu-img' },
    { long: 'strict', short: 's', help: 'call them different also when only sizes or allocation differ' },
    PROGRESS,
    QUIET,
    { ...SOURCE_CACHE, long: 'cache' },
    FORCE_SHARE,
    IMAGE_OPTS,
    OBJECT,
  ],
  refused: [],
  describedOperands: 2,
  notes: [
    'Disks of different sizes are the same when the rest of the larger one is zeros.',
    'Exit code: 0 the same, 1 different, 2 an image could not be opened, 3 its tables could not be read, 4 its data could not be read.',
  ],
}

/** By what was being done when it failed. */
const EXIT_CODES: Readonly<Record<Phase, number>> = { prepare: 2, copy: 3, verify: 4, finish: 4 }

export const compare: Command = {
  words,
  async run(given, { console, operations, signal }) {
    const [left, right, ...others] = given.operands
    if (left === undefined || right === undefined || others.length > 0) {
      throw usageError(words, 'Expecting two image file names')
    }
    const quiet = given.has('quiet')
    if (given.has('all')) return listAll(left, right, given, { console, operations, signal })
    const view = given.has('progress') && !quiet ? progressView(console) : SILENT
    let phase: Phase = 'prepare'
    let outcome: Outcome
    try {
      const one = fileNamed(left, given.text('a-format'), operations)
      const other = fileNamed(right, given.text('b-format'), operations)
      const job: CompareJob = {
        kind: 'compare',
        left: one.path,
        ...(one.format !== undefined && { leftFormat: one.format }),
        right: other.path,
        ...(other.format !== undefined && { rightFormat: other.format }),
        strict: given.has('strict'),
      }
      const progress: typeof view.update = (now) => {
        phase = now.phase
        view.update(now)
      }
      outcome = { result: await operations.run(job, { signal, progress, pointOfNoReturn: () => {} }) }
    } catch (error) {
      outcome = { error: errorData(told(error, given)) }
    }
    if ('error' in outcome) {
      view.end(false)
      if (!signal.aborted) console.error(errorText(outcome.error))
      return EXIT_CODES[phase]
    }
    // A bar is ended before; who reads percentages finds what qemu-img prints.
    if (console.interactive) view.end(true)
    if (!quiet) console.out(verdict(outcome.result, given.has('strict')))
    if (!console.interactive) view.end(true)
    return outcome.result.kind === 'compare' && outcome.result.identical ? 0 : 1
  },
}

/** A table of what differs: its offset and its length, both in bytes. */
async function listAll(left: string, right: string, given: Words, session: Session): Promise<number> {
  const { console, operations, signal } = session
  const one = fileNamed(left, given.text('a-format'), operations)
  const other = fileNamed(right, given.text('b-format'), operations)
  const formats = {
    ...(one.format !== undefined && { leftFormat: one.format }),
    ...(other.format !== undefined && { rightFormat: other.format }),
  }
  let count = 0
  for await (const { offset, length } of operations.differences(
    { left: one.path, right: other.path, ...formats },
    signal,
  )) {
    if (count === 0) console.out(`${'Offset'.padEnd(16)}Length\n`)
    console.out(`${String(offset).padEnd(16)}${length}\n`)
    count += 1
  }
  if (count === 0 && !given.has('quiet')) console.out('Images are identical.\n')
  return count === 0 ? 0 : 1
}

type Outcome = { readonly result: JobResult } | { readonly error: ErrorData }

function verdict(result: JobResult, strict: boolean): string {
  if (result.kind !== 'compare') return ''
  const { sizeDiffers, commonSize, firstDifference = Infinity, allocationDifference = Infinity } = result
  if (strict && sizeDiffers) return 'Strict mode: Image size mismatch!\n'
  const warning = sizeDiffers && firstDifference >= commonSize ? 'Warning: Image size mismatch!\n' : ''
  if (allocationDifference <= firstDifference && allocationDifference < Infinity) {
    return `Strict mode: Offset ${allocationDifference} block status mismatch!\n`
  }
  // Told by sectors, as scripts know it.
  const sector = roundDown(firstDifference, 512)
  if (firstDifference < Infinity) return `${warning}Content mismatch at offset ${sector}!\n`
  return `${warning}Images are identical.\n`
}
