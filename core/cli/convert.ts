// `spindle convert`: the disk of one image in a new image of any format.

import type { Operations } from '../index.ts'
import { SpindleError } from '../model/error.ts'
import type { ConvertJob } from '../model/job.ts'
import type { FormatFacts } from '../model/plan.ts'
import { MiB, parseSize } from '../model/units.ts'
import type { CommandWords, Words } from './arguments.ts'
import { usageError } from './arguments.ts'
import {
  FOR,
  FORCE,
  FORCE_SHARE,
  IMAGE_OPTS,
  OBJECT,
  PROGRESS,
  QUIET,
  SOURCE_CACHE,
  mayReplace,
  runMaking,
} from './command.ts'
import type { Command } from './command.ts'
import type { CreateOptions } from './create-options.ts'
import { createOptions, optionsHelp, purposeOf, rateOf } from './create-options.ts'
import { warningText } from './failure.ts'
import { parseKeyValues } from './key-values.ts'
import { fileNamed } from './names.ts'
import type { Named } from './names.ts'
import { SILENT, progressView } from './progress.ts'
import { snapshotMeant } from './snapshot-list.ts'

const words: CommandWords = {
  name: 'convert',
  summary: 'Write a disk anew, in any format',
  operands: 'SOURCE [SOURCE …] TARGET',
  options: [
    {
      long: 'source-format',
      short: 'f',
      value: 'FMT',
      help: 'take SOURCE to be in this format instead of finding it out',
    },
    { long: 'target-format', short: 'O', value: 'FMT', help: 'format of the new image; raw is the default' },
    {
      long: 'target-options',
      short: 'o',
      value: 'NAME=VALUE,…',
      help: 'options of that format; "-o help" lists them, a comma inside a value is written twice',
    },
    {
      long: 'source-snapshot',
      short: 'l',
      value: 'SNAPSHOT',
      help: 'copy what a snapshot inside SOURCE has kept: its id or name, or snapshot.id=ID or snapshot.name=NAME',
    },
    { long: 'snapshots', help: 'take all snapshots inside SOURCE along, for formats that have them; not in qemu-img' },
    { long: 'bitmaps', help: 'take the dirty bitmaps inside SOURCE along, for formats that have them' },
    {
      long: 'skip-broken-bitmaps',
      help: 'with --bitmaps: leave out those that were being changed when SOURCE was last closed',
    },
    {
      long: 'backing',
      short: 'B',
      value: 'FILE',
      help: 'put TARGET on top of FILE and write only what differs from it',
    },
    { long: 'backing-format', short: 'F', value: 'FMT', help: 'format of that file' },
    { long: 'no-create', short: 'n', help: 'write into the image that TARGET is, instead of making a new one' },
    { long: 'target-is-zero', help: 'with -n: TARGET reads as zeros, so it need not be read first' },
    {
      long: 'compress',
      short: 'c',
      help: 'pack the data; for formats that can, and raw disks whose TARGET ends in .gz',
    },
    {
      long: 'sparse-size',
      short: 'S',
      value: 'SIZE',
      help: '0 writes zeros out, so that all room is taken; other sizes change nothing, zeros are always looked for in the smallest pieces that can be left out',
    },
    { long: 'rate', short: 'r', value: 'RATE', help: 'copy no more than so many bytes a second; suffixes as in sizes' },
    { long: 'verify', help: 'read both back afterwards and compare them; not in qemu-img' },
    FOR,
    PROGRESS,
    QUIET,
    FORCE,
    SOURCE_CACHE,
    {
      long: 'target-cache',
      short: 't',
      value: 'MODE',
      help: 'unsafe does not wait until the new file is on the disk, as qemu-img by default; other modes are accepted for scripts',
    },
    { long: 'parallel', short: 'm', value: 'COUNT', help: 'accepted for scripts; Spindle uses the cores there are' },
    { long: 'oob-writes', short: 'W', help: 'accepted for scripts; data is always written in the fastest order' },
    { long: 'copy-range-offloading', short: 'C', help: 'accepted for scripts; the kernel copies wherever it can' },
    FORCE_SHARE,
    IMAGE_OPTS,
    OBJECT,
  ],
  refused: [{ long: 'source-image-opts' }, { long: 'target-image-opts' }, { long: 'salvage' }],
  notes: [
    'Several SOURCES are joined: their disks lie one behind the other in TARGET.',
    'TARGET holds the whole disk: what SOURCE takes from its backing files is copied in. Holes and zeros take no room. Snapshots (without --snapshots) and bitmaps (without --bitmaps) inside SOURCE do not come along, and a warning says so.',
    'TARGET is written as TARGET.partial and renamed when it is whole; when the command is stopped, nothing remains. Unlike qemu-img, a file that is there already is not replaced without --force, and -c for a format that cannot compress is an error.',
  ],
}

export const convert: Command = {
  words,
  async run(given, session) {
    const { console, operations } = session
    const { format, preset } = purposeOf(given.text('for'), given.text('target-format'), operations)
    const options = createOptions(format, given.texts('target-options'))
    if (!options) {
      console.out(optionsHelp(format))
      return 0
    }
    if (options.size !== undefined) throw usageError(words, 'Spindle does not have size for convert yet')
    const backing = backingOf(given, options, operations)
    const into = given.has('no-create')
    if (given.has('target-is-zero') && !into) throw usageError(words, '--target-is-zero requires use of -n flag')
    if (into && (options.texts.size > 0 || backing)) {
      throw usageError(words, '-n writes into an image that has its options already: leave out -o and -B')
    }
    const parallel = given.text('parallel') ?? '8'
    if (!/^([1-9]|1[0-6])$/.test(parallel)) throw usageError(words, `-m takes a count from 1 to 16, not '${parallel}'`)
    if (given.has('skip-broken-bitmaps') && !given.has('bitmaps'))
      throw usageError(words, 'Use of --skip-broken-bitmaps requires --bitmaps')
    const rate = given.text('rate')
    const [source, ...others] = given.operands
    const target = others.pop()
    if (source === undefined || target === undefined) throw usageError(words, 'Must specify image file name')
    const more = others.map((name) => fileNamed(name, given.text('source-format'), operations))
    const from = fileNamed(source, given.text('source-format'), operations)
    const quiet = given.has('quiet')
    const snapshot = await snapshotId(given.text('source-snapshot'), from, operations)
    const job: ConvertJob = {
      kind: 'convert',
      source: from.path,
      ...(from.format !== undefined && { sourceFormat: from.format }),
      ...(more.length > 0 && { more }),
      target: fileNamed(target, undefined, operations).path,
      format: format.format,
      options: { ...(writesZeros(given, format) && { preallocation: 'full' }), ...preset?.options, ...options.values },
      ...(preset && { preset: preset.id }),
      ...(backing && { backing }),
      ...(into && { into, targetIsZero: given.has('target-is-zero') }),
      compress: given.has('compress') || preset?.compress === true,
      verify: given.has('verify'),
      ...(given.text('target-cache') === 'unsafe' && { durable: false }),
      overwrite: mayReplace(given),
      ...(snapshot !== undefined && { snapshot }),
      keepSnapshots: given.has('snapshots'),
      keepBitmaps: given.has('bitmaps'),
      ...(rate !== undefined && { rateLimit: rateOf(rate) }),
      skipBrokenBitmaps: given.has('skip-broken-bitmaps'),
    }
    const view = given.has('progress') && !quiet ? progressView(console) : SILENT
    let whole = false
    try {
      const { warnings } = await runMaking(job, session, view.update)
      whole = true
      if (!quiet) for (const warning of warnings) console.error(warningText(warning))
    } finally {
      view.end(whole)
    }
    return 0
  },
}

/** Whether `-S 0` was given, for a format that can be written out in full. */
function writesZeros(given: Words, { options, title }: FormatFacts): boolean {
  const text = given.text('sparse-size')
  if (text === undefined) return false
  const size = parseSize(text)
  if (size === undefined || size % 512 !== 0 || size > 16 * MiB) {
    throw new SpindleError(
      'invalid-argument',
      `-S takes a multiple of 512 up to 16 MiB, or 0 to have zeros written out, not '${text}'`,
    )
  }
  const allocation = options.find(({ name }) => name === 'preallocation')
  if (size > 0) return false
  if (allocation?.kind === 'choice' && allocation.choices.some(({ value }) => value === 'full')) return true
  throw new SpindleError(
    'unsupported',
    `Spindle cannot write out the zeros of images in ${title} format: leave -S out.`,
  )
}

function backingOf(
  given: Words,
  { backingFile, backingFormat }: CreateOptions,
  operations: Operations,
): ConvertJob['backing'] {
  const path = given.text('backing') ?? backingFile
  const format = given.text('backing-format') ?? backingFormat
  if (path === undefined && format === undefined) return undefined
  if (path === undefined) throw new SpindleError('invalid-argument', '-F requires -B: a format, but no backing file')
  if (format === undefined) {
    throw new SpindleError(
      'invalid-argument',
      `Give the format of the backing file ${path} with -F: guessing it later could be turned against you.`,
    )
  }
  return { path, format: operations.format(format).format }
}

async function snapshotId(
  text: string | undefined,
  { path, format }: Named,
  operations: Operations,
): Promise<string | undefined> {
  if (text === undefined) return undefined
  const [facts] = await operations.inspect({ path, chain: false, ...(format !== undefined && { format }) })
  const snapshots = facts?.details.snapshots ?? []
  const stated = text.startsWith('snapshot.') ? parseKeyValues([text]) : undefined
  const id = stated?.get('snapshot.id')
  const name = stated?.get('snapshot.name')
  const wanted = stated
    ? snapshots.filter((one) => (id ?? one.id) === one.id && (name ?? one.name) === one.name)
    : snapshots
  const meant = stated
    ? snapshotMeant(id ?? name ?? '', wanted, id === undefined ? 'name first' : 'id first')
    : snapshotMeant(text, wanted, 'id first')
  if (meant) return meant.id
  throw new SpindleError('not-found', `Failed to load snapshot: Can't find snapshot '${text}'`)
}
