// `spindle convert`: the disk of one image in a new image of any format.

import type { Operations } from '../index.ts'
import { SpindleError, failedDeed } from '../model/error.ts'
import type { ConvertJob } from '../model/job.ts'
import type { FormatFacts } from '../model/plan.ts'
import { MiB } from '../model/units.ts'
import type { CommandWords, Words } from './arguments.ts'
import {
  CACHE,
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
import { refusal, told, warningText } from './failure.ts'
import { parseKeyValues } from './key-values.ts'
import { fileNamed } from './names.ts'
import type { Named } from './names.ts'
import { numberOf } from './numbers.ts'
import { likeQemuImg } from './program.ts'
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
      ...CACHE,
      long: 'target-cache',
      help: 'unsafe does not wait until the new file is on the disk, as qemu-img by default; other modes are accepted for scripts',
    },
    {
      long: 'salvage',
      help: 'go on where SOURCE cannot be read: zeros stand there in TARGET, and a warning says where and how many bytes',
    },
    { long: 'parallel', short: 'm', value: 'COUNT', help: 'accepted for scripts; Spindle uses the cores there are' },
    { long: 'oob-writes', short: 'W', help: 'accepted for scripts; data is always written in the fastest order' },
    { long: 'copy-range-offloading', short: 'C', help: 'accepted for scripts; the kernel copies wherever it can' },
    FORCE_SHARE,
    IMAGE_OPTS,
    { ...IMAGE_OPTS, long: 'source-image-opts', sameAs: 'image-opts' },
    { long: 'target-image-opts', help: 'with -n: TARGET is described so' },
    OBJECT,
  ],
  refused: [],
  describedOperands: Infinity,
  describedTarget: true,
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
    const backing = backingOf(given, options, operations)
    const into = given.has('no-create')
    if (given.has('target-is-zero') && !into) throw refusal('--target-is-zero requires use of -n flag')
    if (given.has('target-image-opts') && !into) throw refusal('--target-image-opts requires use of -n flag')
    if (into && options.texts.size > 0) throw refusal('-o has no effect when skipping image creation')
    if (into && backing) throw refusal('-B has no effect when skipping image creation')
    checkCoroutines(given.text('parallel'))
    if (given.has('skip-broken-bitmaps') && !given.has('bitmaps'))
      throw refusal('Use of --skip-broken-bitmaps requires --bitmaps')
    const rate = given.text('rate')
    const [source, ...others] = given.operands
    const target = others.pop()
    if (source === undefined || target === undefined) throw refusal('Must specify image file name')
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
      ...(options.size !== undefined && { virtualSize: options.size }),
      ...(given.has('salvage') && { salvage: true }),
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
      const { warnings } = await makingTarget(job, target, given, async () => runMaking(job, session, view.update))
      whole = true
      if (!quiet) for (const warning of warnings) console.error(warningText(warning))
    } finally {
      view.end(whole)
    }
    return 0
  },
}

/** qemu-img says what it was at when the target could not be made. */
async function makingTarget<T>(job: ConvertJob, target: string, given: Words, make: () => Promise<T>): Promise<T> {
  try {
    return await make()
  } catch (error) {
    const better = told(error, given)
    if (!likeQemuImg() || failedDeed(error) !== 'create' || !(better instanceof SpindleError)) throw better
    throw new SpindleError(better.code, `${target}: error while converting ${job.format}: ${better.message}`)
  }
}

function checkCoroutines(text: string | undefined): void {
  const count = text === undefined ? 8 : numberOf('number of coroutines', text)
  if (count < 1 || count > 16) throw refusal('Invalid number of coroutines specified. Must be between 1 and 16.')
}

/** Whether `-S 0` was given, for a format that can be written out in full. */
function writesZeros(given: Words, { options, title }: FormatFacts): boolean {
  const text = given.text('sparse-size')
  const offloads = given.has('copy-range-offloading')
  if (offloads && text !== undefined) throw refusal('Cannot enable copy offloading when -S is used')
  if (offloads && given.has('compress')) throw refusal('Cannot enable copy offloading when -c is used')
  if (text === undefined) return false
  const size = numberOf('buffer size for sparse output', text)
  if (size % 512 !== 0 || size > 16 * MiB) {
    throw refusal(
      `Invalid buffer size for sparse output specified. Valid sizes are multiples of 512 up to ${16 * MiB}. Select 0 to disable sparse detection (fully allocates output).`,
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
  if (path === undefined) throw refusal('Backing format cannot be used without backing file')
  if (format === undefined) {
    throw refusal('Use of backing file requires explicit backing format')
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
  throw refusal("Failed to load snapshot: Can't find snapshot")
}
