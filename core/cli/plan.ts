// `spindle plan` in front of a command: what it would do, the room it would take, what would be lost. Does nothing.

import type { Operations } from '../index.ts'
import { SpindleError } from '../model/error.ts'
import type { JobSpec } from '../model/job.ts'
import type { ConvertChange } from '../model/plan.ts'
import type { Words } from './arguments.ts'
import type { Command, Session } from './command.ts'
import { printable } from './console.ts'
import { sizeText } from './wording.ts'

/** Thrown where the command would begin to work. */
class Begun extends Error {
  readonly work: JobSpec | string

  constructor(work: JobSpec | string) {
    super('a plan goes no further')
    this.work = work
  }
}

/** What is no job, in a sentence. */
const OTHERS: Readonly<Record<string, string>> = {
  bench: 'Would read the disk, or with -w write over it: what lies where it writes would be lost.',
  undo: 'Would put the image back as it was before its last change, and delete the undo file beside it. What the change did would be lost.',
  keySlots: 'Would change who can open the image. What is in it stays.',
}

/** What only looks. Everything else an operation can be asked for ends the plan. */
const LOOKS: ReadonlySet<string> = new Set([
  'formats',
  'format',
  'inspect',
  'measure',
  'predictCreate',
  'planConvert',
  'planResize',
  'planCommit',
  'planRebase',
  'planBypass',
  'planTrash',
  'planMove',
  'trash',
  'tree',
  'undoOffer',
  'undoState',
])

/** Commands that change nothing however they are called. */
const HARMLESS: ReadonlySet<string> = new Set([
  'compare',
  'completion',
  'contents',
  'info',
  'map',
  'measure',
  'tree',
  'watch',
])

export async function plan(command: Command, words: Words, session: Session): Promise<number> {
  const { console, operations } = session
  if (HARMLESS.has(command.words.name)) {
    console.out(`spindle ${command.words.name} only looks: it would change and make no file.\n`)
    return 0
  }
  try {
    // What it had to say has been said, as “-o help”.
    const code = await command.run(words, { ...session, operations: upTo(operations) })
    if (code === 0) console.out('Nothing was done.\n')
    return code
  } catch (error) {
    if (!(error instanceof Begun)) throw error
    const { work } = error
    for (const line of typeof work === 'string' ? [work] : await linesOf(work, operations))
      console.out(`${printable(line)}\n`)
    if (command.words.name === 'backup') console.out(backupLine(words))
    console.out('Nothing was done.\n')
    return 0
  }
}

function backupLine(words: Words): string {
  return words.has('keep') || words.has('keep-last')
    ? 'Afterwards earlier backups of it in that folder that are not to be kept would be deleted.\n'
    : ''
}

/** Instead of the operation of that name. */
function stop(name: string): () => never {
  return () => {
    const known = OTHERS[name]
    if (known !== undefined) throw new Begun(known)
    throw new SpindleError('unsupported', `Spindle cannot plan this: ${name} was not begun, and nothing was done.`)
  }
}

/** The engine, up to where it would begin to work. */
function upTo(operations: Operations): Operations {
  const entries = Object.entries(operations).map(([name, operation]: [string, unknown]) => [
    name,
    LOOKS.has(name) ? operation : stop(name),
  ])
  return {
    ...(Object.fromEntries(entries) as Operations),
    run: async (job) => {
      throw new Begun(job)
    },
  }
}

async function linesOf(job: JobSpec, operations: Operations): Promise<readonly string[]> {
  switch (job.kind) {
    case 'create': {
      const { now, atMost } = await operations.predictCreate(job)
      return [
        `Would make ${job.target}, an empty image in ${job.format} format.`,
        `It takes ${sizeText(now)} at first, and ${sizeText(atMost)} at most.`,
        ...replaced(job.overwrite === true),
      ]
    }
    case 'convert':
      return convertLines(job, operations)
    case 'resize': {
      const { virtualSize, lostBytes } = await operations.planResize(job)
      const grows = job.virtualSize >= virtualSize
      return [
        `Would make the disk in ${job.path} ${grows ? 'larger' : 'smaller'}: from ${sizeText(virtualSize)} to ${sizeText(job.virtualSize)}.`,
        grows ? 'What it gains reads as zeros. No data is lost.' : `${sizeText(lostBytes)} of data would be lost.`,
      ]
    }
    case 'commit': {
      const { base, bytes, between, others, snapshots } = await operations.planCommit(job)
      return [
        `Would move ${sizeText(bytes)} of data from ${job.path} down into ${base}.`,
        ...between.map((path) => `${path} must not be used alone afterwards.`),
        ...others.map((path) => `${path} reads through what is changed, and would be damaged.`),
        ...snapshots.map((name) => `The snapshot “${name}” reads through what is changed, and would be damaged.`),
      ]
    }
    case 'rebase': {
      const { bytes, snapshots } = await operations.planRebase(job)
      const below = job.backing ? `on top of ${job.backing.path}` : 'on its own'
      return [
        `Would put ${job.path} ${below}${job.nameOnly ? ', by changing the name it has for it alone' : ''}.`,
        ...(bytes === undefined ? [] : [`It takes in up to ${sizeText(bytes)} of data.`]),
        ...(job.nameOnly ? ['What its disk holds changes where that image holds something else.'] : []),
        ...(snapshots.length > 0 ? ['Its snapshots cannot take anything in.'] : []),
      ]
    }
    case 'snapshot':
      return [snapshotLine(job)]
    case 'repair':
      return [
        `Would look for damage in ${job.path} and ${job.mode === 'all' ? 'put right whatever can be' : 'free what nothing uses'}. No data is lost; “spindle check” tells what it would find.`,
      ]
    case 'check':
    case 'compare':
      return ['Would only look: no file would be changed or made.']
    case 'amend':
      return [
        `Would change options of ${job.path}: ${Object.keys(job.options).join(', ')}. Its disk stays what it is, and no data is lost.`,
      ]
    case 'bitmap':
      return [
        `Would do to the bitmap “${job.name}” of ${job.path}: ${job.actions.map(({ kind }) => kind).join(', ')}. The disk stays what it is.`,
      ]
    case 'empty-trash':
      return [`Would delete for good: ${job.items.join(', ')}`]
    default:
      return [`Would do this, which can be taken back: ${JSON.stringify(job)}`]
  }
}

async function convertLines(
  job: Extract<JobSpec, { kind: 'convert' }>,
  operations: Operations,
): Promise<readonly string[]> {
  const { sourceFormat, reads, writes, exact, changes, free, targetExists } = await operations.planConvert(job)
  const into = job.into === true
  return [
    `Would ${into ? 'write the disk of' : 'copy'} ${job.source} (${sourceFormat}) ${into ? 'into' : 'to'} ${job.target} (${job.format}).`,
    `It reads ${sizeText(reads)} and takes ${exact ? '' : 'about '}${sizeText(writes)}; ${sizeText(free)} are free there.`,
    ...changes.map(changeText),
    ...(into ? [`What ${job.target} holds now would be lost.`] : targetExists ? replaced(job.overwrite === true) : []),
  ]
}

function replaced(overwrite: boolean): readonly string[] {
  return overwrite
    ? ['A file that is there by that name would be replaced, and what it holds lost.']
    : ['A file that is there by that name would not be touched, and the command refused.']
}

function changeText(change: ConvertChange): string {
  switch (change.kind) {
    case 'snapshots-dropped':
      return `${change.count} snapshots do not come along; the source keeps them.`
    case 'snapshots-kept':
      return `${change.count} snapshots come along.`
    case 'bitmaps-dropped':
      return `${change.count} bitmaps do not come along; the source keeps them.`
    case 'bitmaps-kept':
      return `${change.count} bitmaps come along.`
    case 'backing-merged':
      return `What lies in ${change.names.join(', ')} is copied in: ${sizeText(change.bytes)}.`
    case 'data-file-merged':
      return `What lies in the data file ${change.name} is copied in.`
    case 'compression-removed':
      return 'Data that is packed is unpacked.'
    case 'encryption-removed':
      return 'The copy is not encrypted: whoever has it can read it.'
    case 'compressed':
      return `Data is packed, with ${change.codec}.`
    case 'enlarged':
      return `The disk becomes larger: ${sizeText(change.from)} to ${sizeText(change.to)}, with zeros.`
    case 'kept':
      return `The disk of ${sizeText(change.virtualSize)} is the same in both.`
    default:
      return JSON.stringify(change)
  }
}

function snapshotLine({ path, action }: Extract<JobSpec, { kind: 'snapshot' }>): string {
  switch (action.kind) {
    case 'create':
      return `Would take the snapshot “${action.name}” of ${path}. Nothing is lost.`
    case 'apply':
      return `Would make the disk in ${path} what it was at snapshot ${action.id}. What was written since is lost, unless a snapshot has it.`
    case 'remove':
      return `Would delete snapshot ${action.id} of ${path}. What only it has is lost.`
    case 'rename':
      return `Would give snapshot ${action.id} of ${path} the name “${action.name}”.`
    default:
      return `Would do this to the snapshots of ${path}: ${JSON.stringify(action)}`
  }
}
