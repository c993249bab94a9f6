// `spindle check`: whether the tables of an image are in order, and putting them right.

import type { CheckFinding, CheckReport, FindingKind, RepairMode, RepairReport } from '../model/check.ts'
import type { CheckJob, JobResult, RepairJob } from '../model/job.ts'
import type { CommandWords, Words } from './arguments.ts'
import { usageError } from './arguments.ts'
import {
  FORCE_SHARE,
  IMAGE_OPTS,
  KEEP_UNDO,
  OBJECT,
  OUTPUT,
  PROGRESS,
  QUIET,
  SOURCE_CACHE,
  outputKind,
  undoHint,
} from './command.ts'
import type { Command } from './command.ts'
import { printable } from './console.ts'
import type { Console } from './console.ts'
import { errorText, refusal } from './failure.ts'
import { fileNamed } from './names.ts'
import { SILENT, progressView } from './progress.ts'
import { jsonText } from './wording.ts'

const words: CommandWords = {
  name: 'check',
  summary: 'Look for errors and leaks, and mend them',
  operands: 'FILE',
  options: [
    { long: 'format', short: 'f', value: 'FMT', help: 'take FILE to be in this format instead of finding it out' },
    {
      long: 'repair',
      short: 'r',
      value: 'leaks|all',
      help: 'free what nothing uses (leaks), or put right everything that can be without losing data (all)',
    },
    KEEP_UNDO,
    OUTPUT,
    PROGRESS,
    QUIET,
    { ...SOURCE_CACHE, long: 'cache' },
    FORCE_SHARE,
    IMAGE_OPTS,
    OBJECT,
  ],
  refused: [],
  notes: [
    'What is found is told line by line on standard error, the sums on standard output. Only FILE is opened, whatever it refers to.',
    'A repair happens as a whole or not at all. While something that leads to data is damaged, nothing is freed, because that data may be what nothing leads to any more.',
    'Exit code: 0 no errors (left), 1 the check could not be made or finished, 2 errors, 3 leaks but no errors, 63 the format has nothing to check.',
  ],
}

export const check: Command = {
  words,
  async run(given, { console, operations, signal }) {
    const kind = outputKind(words, given)
    const mode = repairMode(given)
    const [name, ...others] = given.operands
    if (name === undefined || others.length > 0) throw usageError(words, 'Expecting one image file name')
    const { path, shown, format: stated } = fileNamed(name, given.text('format'), operations)
    const spec = { path, ...(stated !== undefined && { format: stated }) }
    const view = given.has('progress') && !given.has('quiet') ? progressView(console) : SILENT
    const context = { signal, progress: view.update, pointOfNoReturn: () => {} }
    const job: CheckJob | RepairJob = mode
      ? { kind: 'repair', ...spec, mode, keepUndo: given.has('keep-undo') }
      : { kind: 'check', ...spec }
    let result: JobResult
    try {
      result = await operations.run(job, context)
    } catch (error) {
      view.end(false)
      throw error
    }
    view.end(true)
    if ((result.kind !== 'check' && result.kind !== 'repair') || !result.report) {
      console.error(errorText({ message: 'This image format does not support checks' }))
      return 63
    }
    const repair = 'after' in result.report ? result.report : undefined
    const report = 'after' in result.report ? result.report.after : result.report
    print(console, given, { report, repair, kind, shown, format: result.format })
    if (report.totals.checkErrors > 0) {
      console.error(errorText({ message: 'Check failed' }))
      return 1
    }
    if (report.totals.corruptions > 0) return 2
    return report.totals.leaks > 0 ? 3 : 0
  },
}

interface Printed {
  readonly report: CheckReport
  readonly repair: RepairReport | undefined
  readonly kind: 'human' | 'json'
  readonly shown: string
  readonly format: string
}

/** Each finding on standard error, as qemu-img has it, the sums on standard output. */
function print(console: Console, given: Words, { report, repair, kind, shown, format }: Printed): void {
  const quiet = given.has('quiet')
  for (const line of findingLines(report, quiet ? ['error'] : ['error', 'leak', 'note'])) console.error(line)
  if (quiet) return
  for (const line of repair?.repaired ?? []) console.error(`Repaired: ${printable(line)}\n`)
  if (kind === 'json') {
    console.out(`${jsonText(jsonValue(report, repair, shown, format))}\n`)
    return
  }
  console.out(humanText(report, repair))
  if (repair && repair.repaired.length > 0 && given.has('keep-undo')) console.out(undoHint(shown))
}

function repairMode(given: Words): RepairMode | undefined {
  const mode = given.text('repair')
  if (mode === undefined) {
    if (given.has('keep-undo')) throw usageError(words, '--keep-undo goes with --repair (-r)')
    return undefined
  }
  if (mode !== 'leaks' && mode !== 'all') {
    throw usageError(words, `--repair (-r) expects 'leaks' or 'all' not '${mode}'`)
  }
  if (given.has('force-share')) {
    throw refusal(
      `Could not open '${given.typed[0] ?? ''}': an image is not repaired while another program has it open; leave out -U`,
    )
  }
  return mode
}

const LEADS: Readonly<Record<FindingKind, string>> = { error: 'ERROR', leak: 'Leak', note: 'Note' }

function findingLines({ findings, unlisted }: CheckReport, kinds: readonly FindingKind[]): readonly string[] {
  return kinds.flatMap((kind) => {
    const listed = findings.filter((finding) => finding.kind === kind).map(findingLine)
    const more = unlisted[kind]
    return more > 0 ? [...listed, `${LEADS[kind]}: … and ${more} more like these\n`] : listed
  })
}

function findingLine({ kind, message }: CheckFinding): string {
  return `${LEADS[kind]}: ${printable(message)}\n`
}

/** Word for word what qemu-img prints. */
function humanText({ totals }: CheckReport, repair: RepairReport | undefined): string {
  const { corruptions, leaks, checkErrors, totalClusters, allocatedClusters, imageEndOffset } = totals
  const parts: string[] = []
  if (repair && repair.leaksFixed + repair.corruptionsFixed > 0) {
    parts.push(
      'The following inconsistencies were found and repaired:\n\n' +
        `    ${repair.leaksFixed} leaked clusters\n    ${repair.corruptionsFixed} corruptions\n\n` +
        'Double checking the fixed image now...\n',
    )
  }
  if (corruptions + leaks + checkErrors === 0) parts.push('No errors were found on the image.\n')
  if (corruptions > 0) {
    parts.push(
      `\n${corruptions} errors were found on the image.\n` +
        'Data may be corrupted, or further writes to the image may corrupt it.\n',
    )
  }
  if (leaks > 0) {
    parts.push(
      `\n${leaks} leaked clusters were found on the image.\nThis means waste of disk space, but no harm to data.\n`,
    )
  }
  if (checkErrors > 0) parts.push(`\n${checkErrors} internal errors have occurred during the check.\n`)
  if (totalClusters !== 0 && allocatedClusters !== 0) {
    parts.push(
      `${allocatedClusters}/${totalClusters} = ${percent(allocatedClusters, totalClusters)}% allocated, ` +
        `${percent(totals.fragmentedClusters, allocatedClusters)}% fragmented, ` +
        `${percent(totals.compressedClusters, allocatedClusters)}% compressed clusters\n`,
    )
  }
  if (imageEndOffset > 0) parts.push(`Image end offset: ${imageEndOffset}\n`)
  return parts.join('')
}

/** qemu-img's keys in its order; what is zero is left out, but for the errors of the check itself. */
function jsonValue({ totals }: CheckReport, repair: RepairReport | undefined, filename: string, format: string) {
  return {
    'image-end-offset': some(totals.imageEndOffset),
    'compressed-clusters': some(totals.compressedClusters),
    'total-clusters': some(totals.totalClusters),
    'corruptions-fixed': some(repair?.corruptionsFixed),
    corruptions: some(totals.corruptions),
    'check-errors': totals.checkErrors,
    'leaks-fixed': some(repair?.leaksFixed),
    leaks: some(totals.leaks),
    'allocated-clusters': some(totals.allocatedClusters),
    filename,
    format,
    'fragmented-clusters': some(totals.fragmentedClusters),
  }
}

function some(value: number | undefined): number | undefined {
  return value === 0 ? undefined : value
}

/** As C prints it: a number exactly between two goes to the even one. Of the numbers there are, only odd eighths are. */
function percent(part: number, whole: number): string {
  const value = (part * 100) / whole
  if ((value * 8) % 2 !== 1) return value.toFixed(2)
  const below = Math.floor(value * 100)
  return ((below + (below % 2)) / 100).toFixed(2)
}
