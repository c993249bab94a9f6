// `spindle snapshot`: the snapshots inside an image.

import { SpindleError, failedDeed } from '../model/error.ts'
import type { SnapshotFacts } from '../model/image.ts'
import type { SnapshotAction } from '../model/job.ts'
import type { CommandWords, Words } from './arguments.ts'
import { usageError } from './arguments.ts'
import { FORCE_SHARE, IMAGE_OPTS, KEEP_UNDO, OBJECT, PROGRESS, QUIET, undoHint } from './command.ts'
import type { Command } from './command.ts'
import { printable } from './console.ts'
import { warningText } from './failure.ts'
import { fileNamed } from './names.ts'
import { likeQemuImg } from './program.ts'
import { SILENT, progressView } from './progress.ts'
import { snapshotLines, snapshotMeant } from './snapshot-list.ts'

const words: CommandWords = {
  name: 'snapshot',
  summary: 'List, take, restore, rename and delete snapshots',
  operands: '[NEW-NAME] FILE',
  options: [
    { long: 'format', short: 'f', value: 'FMT', help: 'take FILE to be in this format instead of finding it out' },
    { long: 'list', short: 'l', help: 'list the snapshots in FILE (what it does when nothing else is said)' },
    { long: 'create', short: 'c', value: 'NAME', help: 'take a snapshot of the disk as it is now' },
    {
      long: 'apply',
      short: 'a',
      value: 'SNAPSHOT',
      help: 'make the disk what it was, its size included; what was written since is lost unless a snapshot has it',
    },
    { long: 'delete', short: 'd', value: 'SNAPSHOT', help: 'delete a snapshot and free what only it had' },
    { long: 'rename', value: 'SNAPSHOT', help: 'give it the name NEW-NAME, which stands before FILE; not in qemu-img' },
    KEEP_UNDO,
    PROGRESS,
    QUIET,
    FORCE_SHARE,
    IMAGE_OPTS,
    OBJECT,
  ],
  refused: [],
  notes: [
    'SNAPSHOT is an id or a name. Should one be the id of one snapshot and the name of another, -a takes the id and -d the name, as in qemu-img. A name that several snapshots have, which Spindle does not allow for new ones, is refused: use the id.',
    'Each of these happens as a whole or not at all, whenever the command is stopped.',
  ],
}

const ACTIONS = ['list', 'create', 'apply', 'delete', 'rename'] as const

export const snapshot: Command = {
  words,
  async run(given, session) {
    const { console, operations, signal } = session
    const [action = 'list', ...others] = ACTIONS.filter((one) => given.has(one))
    if (others.length > 0) throw usageError(words, "Cannot mix '-l', '-a', '-c', '-d'")
    const newName = action === 'rename' ? given.operands[0] : undefined
    const [file, ...surplus] = action === 'rename' ? given.operands.slice(1) : given.operands
    if (file === undefined || surplus.length > 0) {
      throw usageError(
        words,
        action === 'rename' ? 'Expecting the new name and one image file name' : 'Expecting one image file name',
      )
    }
    const { path, shown, format } = fileNamed(file, given.text('format'), operations)
    const spec = { path, ...(format !== undefined && { format }) }
    const [facts] = await operations.inspect({ ...spec, chain: false })
    const { snapshots = [], warnings = [] } = facts?.details ?? {}
    for (const warning of warnings) console.error(warningText(warning))
    if (action === 'list') {
      if (snapshots.length > 0)
        console.out(
          snapshotLines(snapshots)
            .map((line) => `${printable(line)}\n`)
            .join(''),
        )
      return 0
    }
    const quiet = given.has('quiet')
    const view = given.has('progress') && !quiet ? progressView(console) : SILENT
    const context = { signal, progress: view.update, pointOfNoReturn: () => {} }
    const job = {
      kind: 'snapshot',
      ...spec,
      action: actionOf(action, given, newName ?? '', snapshots),
      keepUndo: given.has('keep-undo'),
    } as const
    let whole = false
    try {
      await acting(action, given.text(action) ?? '', async () => operations.run(job, context))
      whole = true
    } finally {
      view.end(whole)
    }
    if (given.has('keep-undo') && !quiet) console.out(undoHint(shown))
    return 0
  },
}

/** In the words that scripts look for. */
async function acting(verb: string, name: string, act: () => Promise<unknown>): Promise<void> {
  try {
    await act()
  } catch (error) {
    if (!(error instanceof SpindleError) || failedDeed(error) || error.code === 'cancelled') throw error
    throw new SpindleError(error.code, `Could not ${verb} snapshot '${name}': ${error.message}`, { cause: error })
  }
}

function actionOf(
  action: 'create' | 'apply' | 'delete' | 'rename',
  given: Words,
  newName: string,
  snapshots: readonly SnapshotFacts[],
): SnapshotAction {
  const text = given.text(action) ?? ''
  if (action === 'create') return { kind: 'create', name: text }
  const meant = snapshotMeant(text, snapshots, action === 'apply' ? 'id first' : 'name first')
  if (!meant) {
    const reason = action === 'apply' ? 'Failed to load snapshot: No such file or directory' : 'snapshot not found'
    throw new SpindleError(
      'not-found',
      `Could not ${action} snapshot '${text}': ${likeQemuImg() ? reason : 'snapshot not found'}`,
    )
  }
  switch (action) {
    case 'apply':
      return { kind: 'apply', id: meant.id }
    case 'delete':
      return { kind: 'remove', id: meant.id }
    default:
      return { kind: 'rename', id: meant.id, name: newName }
  }
}
