// `spindle diff`: every range in which two disks, snapshots or layers of a chain differ, and in which partitions.

import { DifferingSums } from '../model/differing.ts'
import type { DifferingRange } from '../model/differing.ts'
import { partitionTitle } from '../model/contents.ts'
import type { DiskContents } from '../model/contents.ts'
import { SpindleError, errorData } from '../model/error.ts'
import type { CompareJob } from '../model/job.ts'
import { formatSize } from '../model/units.ts'
import type { CommandWords, Words } from './arguments.ts'
import { usageError } from './arguments.ts'
import { FORCE_SHARE, IMAGE_OPTS, OBJECT, OUTPUT, QUIET, outputKind } from './command.ts'
import type { Command, Session } from './command.ts'
import { printable } from './console.ts'
import { errorText } from './failure.ts'
import { fileNamed } from './names.ts'
import type { Named } from './names.ts'
import { snapshotMeant } from './snapshot-list.ts'
import { jsonText } from './wording.ts'

const words: CommandWords = {
  name: 'diff',
  summary: 'List what differs between two disks, snapshots or layers',
  operands: 'FILE1 [FILE2]',
  options: [
    { long: 'a-format', short: 'f', value: 'FMT', help: 'take FILE1 to be in this format instead of finding it out' },
    { long: 'b-format', short: 'F', value: 'FMT', help: 'the same for FILE2' },
    { long: 'a-snapshot', value: 'SNAPSHOT', help: 'the disk as this snapshot inside FILE1 has it; an id or a name' },
    { long: 'b-snapshot', value: 'SNAPSHOT', help: 'the same for FILE2' },
    OUTPUT,
    QUIET,
    FORCE_SHARE,
    IMAGE_OPTS,
    OBJECT,
  ],
  refused: [],
  describedOperands: 2,
  notes: [
    'Without FILE2: with a snapshot named, FILE1 as it was then against FILE1 as it is now, or both of its snapshots; otherwise what the image changes of its backing file.',
    'What the tables show to be stored at the same place is not read. Ranges less than a sector apart are told as one. What one disk is longer by counts as zeros of the other.',
    'Exit code: 0 the same, 1 different, 2 something went wrong.',
  ],
}

type Compared = Omit<CompareJob, 'kind' | 'strict' | 'ranges'>

export const diff: Command = {
  words,
  async run(given, session) {
    const kind = outputKind(words, given)
    const [first, second, ...others] = given.operands
    if (first === undefined || others.length > 0) throw usageError(words, 'Expecting one or two image file names')
    try {
      const compared = await disksMeant(first, second, given, session)
      return await list(compared, kind, given.has('quiet'), session)
    } catch (error) {
      const data = errorData(error)
      if (!session.signal.aborted) session.console.error(errorText(data))
      return 2
    }
  },
}

async function disksMeant(
  first: string,
  second: string | undefined,
  given: Words,
  session: Session,
): Promise<Compared> {
  const { operations } = session
  const one = fileNamed(first, given.text('a-format'), operations)
  const before = given.text('a-snapshot')
  const after = given.text('b-snapshot')
  const [left, right] =
    second !== undefined
      ? [one, fileNamed(second, given.text('b-format'), operations)]
      : [before === undefined && after === undefined ? await below(one, session) : one, one]
  const leftSnapshot = before === undefined ? undefined : await snapshotId(left, before, session)
  const rightSnapshot = after === undefined ? undefined : await snapshotId(right, after, session)
  return {
    left: left.path,
    ...(left.format !== undefined && { leftFormat: left.format }),
    ...(leftSnapshot !== undefined && { leftSnapshot }),
    right: right.path,
    ...(right.format !== undefined && { rightFormat: right.format }),
    ...(rightSnapshot !== undefined && { rightSnapshot }),
  }
}

type Image = Pick<Named, 'path' | 'format'>

async function below({ path, shown, format }: Named, { operations }: Session): Promise<Image> {
  const [, layer] = await operations.inspect({ path, chain: true, ...(format !== undefined && { format }) })
  if (layer) return { path: layer.path, format: layer.format }
  throw new SpindleError(
    'invalid-argument',
    `${shown} has no backing file that it could be compared with. Name a second file, or one of its snapshots with --a-snapshot.`,
  )
}

async function snapshotId({ path, format }: Image, text: string, { operations }: Session): Promise<string> {
  const [facts] = await operations.inspect({ path, chain: false, ...(format !== undefined && { format }) })
  const meant = snapshotMeant(text, facts?.details.snapshots ?? [], 'id first')
  if (meant) return meant.id
  throw new SpindleError('not-found', `${path} has no snapshot '${text}'. "spindle snapshot -l" lists those it has.`)
}

async function list(compared: Compared, kind: 'human' | 'json', quiet: boolean, session: Session): Promise<number> {
  const { operations, console, signal } = session
  const { right: path, rightFormat: format } = compared
  const contents = await operations.contents({ path, ...(format !== undefined && { format }) })
  const sums = new DifferingSums(contents.diskSize, contents)
  const out = (text: string): void => console.out(text)
  const print = kind === 'json' ? jsonPrinter(out, contents) : humanPrinter(out, contents)
  for await (const range of operations.differences(compared, signal)) {
    sums.add(range)
    if (!quiet) print.range(range)
  }
  if (!quiet) print.end(sums)
  return sums.finish().count === 0 ? 0 : 1
}

interface Printer {
  range(range: DifferingRange): void
  end(sums: DifferingSums): void
}

/** Titles of the partitions that a range touches. */
function placesOf({ offset, length }: DifferingRange, { partitions }: DiskContents): readonly string[] {
  return partitions
    .filter((one) => one.extended !== true && offset < one.offset + one.length && one.offset < offset + length)
    .map(partitionTitle)
}

function humanPrinter(out: (text: string) => void, contents: DiskContents): Printer {
  let begun = false
  const line = (offset: string, length: string, place: string): void =>
    out(`${`${offset.padEnd(16)}${length.padEnd(16)}${printable(place)}`.trimEnd()}\n`)
  return {
    range(range) {
      if (!begun) line('Offset', 'Length', contents.partitions.length > 0 ? 'Partition' : '')
      begun = true
      line(String(range.offset), String(range.length), placesOf(range, contents).join('; '))
    },
    end(sums) {
      const { count, bytes, byPartition } = sums.finish()
      if (count === 0) return out('Nothing differs.\n')
      out(`\n${formatSize(bytes)} in ${count} ${count === 1 ? 'range' : 'ranges'}\n`)
      for (const { partition, bytes: own } of byPartition) {
        const title = partition ? printable(partitionTitle(partition)) : 'outside of all partitions'
        out(`${formatSize(own).padStart(10)}  ${title}\n`)
      }
    },
  }
}

function jsonPrinter(out: (text: string) => void, contents: DiskContents): Printer {
  let lead = '{\n    "ranges": [\n        '
  return {
    range({ offset, length }) {
      const [place] = contents.partitions.filter(
        (one) => one.extended !== true && offset < one.offset + one.length && one.offset < offset + length,
      )
      const partition = place ? `, "partition": ${place.index}` : ''
      out(`${lead}{ "start": ${offset}, "length": ${length}${partition} }`)
      lead = ',\n        '
    },
    end(sums) {
      const { count, bytes, byPartition } = sums.finish()
      const partitions = byPartition.map(({ partition, bytes: own }) => ({
        partition: partition?.index,
        title: partition && partitionTitle(partition),
        bytes: own,
      }))
      const rest = jsonText({ identical: count === 0, count, bytes, partitions }, '')
      out(`${count === 0 ? '{\n    "ranges": [' : '\n    '}],${rest.slice(1)}\n`)
    },
  }
}
