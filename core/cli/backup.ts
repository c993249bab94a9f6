// `spindle backup`: a dated, packed and verified copy of a disk, and an end for those that are too old.

import { basename, extname, join, resolve } from 'node:path'
import { SpindleError } from '../model/error.ts'
import type { ConvertJob } from '../model/job.ts'
import type { CommandWords, Words } from './arguments.ts'
import { usageError } from './arguments.ts'
import { FORCE_SHARE, OBJECT, PROGRESS, QUIET } from './command.ts'
import type { Command } from './command.ts'
import { printable } from './console.ts'
import { createOptions, targetFormat } from './create-options.ts'
import { refusal, warningText } from './failure.ts'
import { fileNamed } from './names.ts'
import { numberOf } from './numbers.ts'
import { SILENT, progressView } from './progress.ts'
import { sizeText } from './wording.ts'

const words: CommandWords = {
  name: 'backup',
  summary: 'Keep a dated, packed, verified copy of a disk',
  operands: 'FILE FOLDER',
  options: [
    { long: 'format', short: 'f', value: 'FMT', help: 'take FILE to be in this format instead of finding it out' },
    { long: 'target-format', short: 'O', value: 'FMT', help: 'format of the copy; qcow2, packed, is the default' },
    { long: 'target-options', short: 'o', value: 'NAME=VALUE,…', help: 'options of that format' },
    { long: 'keep', value: 'TIME', help: 'then delete earlier backups of FILE older than this: 12h, 7d, 4w, 6m or 1y' },
    { long: 'keep-last', value: 'COUNT', help: 'then delete earlier backups of FILE but for the newest COUNT' },
    PROGRESS,
    QUIET,
    FORCE_SHARE,
    OBJECT,
  ],
  refused: [],
  notes: [
    'The copy is called after FILE and the time, as in web-2026-03-01T04-00-00Z.qcow2, holds the whole disk with all it takes from backing files, and is read back and compared before it gets its name. Snapshots inside FILE do not come along.',
    'With --keep and --keep-last together, what either of them keeps stays. Only backups are deleted that Spindle made in FOLDER of this FILE (the list is in .spindle-backups) and that nobody changed since; only after the new one is whole, and never that.',
  ],
}

export const backup: Command = {
  words,
  async run(given, { console, operations, signal }) {
    const [name, folder, ...others] = given.operands
    if (name === undefined || folder === undefined || others.length > 0) {
      throw usageError(words, 'Expecting one image file name and one folder')
    }
    const keep = retention(given)
    const format = targetFormat(given.text('target-format') ?? 'qcow2', operations)
    const options = createOptions(format, given.texts('target-options'))
    if (!options) throw usageError(words, '“spindle create -o help” lists the options')
    const { path, shown, format: sourceFormat } = fileNamed(name, given.text('format'), operations)
    const now = new Date()
    const extension = format.extensions[0] ?? format.format
    const file = `${basename(path, extname(path))}-${now.toISOString().slice(0, 19).replaceAll(':', '-')}Z.${extension}`
    const job: ConvertJob = {
      kind: 'convert',
      source: path,
      ...(sourceFormat !== undefined && { sourceFormat }),
      target: join(resolve(folder), file),
      format: format.format,
      options: options.values,
      compress: format.capabilities.compress,
      verify: true,
    }
    const quiet = given.has('quiet')
    const view = given.has('progress') && !quiet ? progressView(console) : SILENT
    const spec = { folder: resolve(folder), source: path, keep, now: now.getTime() }
    let whole = false
    try {
      const result = await operations.run(job, { signal, progress: view.update, pointOfNoReturn: () => {} })
      whole = true
      if (result.kind !== 'convert') throw new SpindleError('internal', 'a backup that is no copy')
      view.end(true)
      if (!quiet) {
        for (const warning of result.warnings) console.error(warningText(warning))
        const size = sizeText(result.allocatedSize)
        console.out(`${printable(shown)} is backed up in ${printable(join(folder, file))}: ${size}, verified.\n`)
      }
    } finally {
      if (!whole) view.end(false)
    }
    for (const gone of await operations.keepBackup(file, spec)) {
      if (!quiet) console.out(`Deleted: ${printable(join(folder, gone))}\n`)
    }
    return 0
  },
}

const HOUR = 3_600_000
const TIMES: Readonly<Record<string, number>> = {
  h: HOUR,
  d: 24 * HOUR,
  w: 7 * 24 * HOUR,
  m: 30 * 24 * HOUR,
  y: 365 * 24 * HOUR,
}

function retention(given: Words) {
  const [time, last] = [given.text('keep'), given.text('keep-last')]
  return {
    ...(time !== undefined && { age: ageOf(time) }),
    ...(last !== undefined && { count: numberOf('count of backups', last, { least: 1 }) }),
  }
}

function ageOf(text: string): number {
  const [, count, unit = ''] = /^(\d{1,6})([hdwmy])$/.exec(text) ?? []
  const length = TIMES[unit]
  if (count !== undefined && length !== undefined) return Number(count) * length
  throw refusal(`Invalid time to keep backups specified: '${text}'. Write it as 12h, 7d, 4w, 6m or 1y.`)
}
