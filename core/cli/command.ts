// What a command of `spindle` is given, and the options several of them share.

import type { Operations } from '../index.ts'
import { SpindleError } from '../model/error.ts'
import type { ConvertJob, CreateJob, JobResult, Progress } from '../model/job.ts'
import { PRESET_IDS } from '../model/preset.ts'
import type { CommandWords, OptionWord, Words } from './arguments.ts'
import { usageError } from './arguments.ts'
import { printable } from './console.ts'
import type { Console } from './console.ts'
import { likeQemuImg } from './program.ts'

export interface Session {
  readonly console: Console
  readonly operations: Operations
  /** Aborted by Ctrl-C. */
  readonly signal: AbortSignal
}

export interface Command {
  readonly words: CommandWords
  /** Returns the exit code. Whatever it throws is printed. */
  run(words: Words, session: Session): Promise<number>
}

export const FORCE_SHARE: OptionWord = {
  long: 'force-share',
  short: 'U',
  help: 'read images that another program is writing, too, as they are at this moment',
}
export const OUTPUT: OptionWord = { long: 'output', value: 'human|json', help: 'how to print; human is the default' }
export const PROGRESS: OptionWord = { long: 'progress', short: 'p', help: 'show how far it is' }
export const QUIET: OptionWord = { long: 'quiet', short: 'q', help: 'print errors only' }
export const FORCE: OptionWord = { long: 'force', help: 'replace FILE if it is there already' }

export const KEEP_UNDO: OptionWord = {
  long: 'keep-undo',
  help: 'keep the undo file, so that "spindle undo FILE" can take this back; not in qemu-img',
}

export const FOR: OptionWord = {
  long: 'for',
  value: 'PLACE',
  help: `settle format, options and size for where the disk is to run: ${PRESET_IDS.join(', ')}; not in qemu-img`,
}

/** How to take back what was done with --keep-undo. */
export function undoHint(shown: string): string {
  return `This can be taken back: spindle undo ${printable(shown)}\n`
}

const CACHE_MODES = ['none', 'writeback', 'unsafe', 'writethrough', 'directsync', 'off']

export const SOURCE_CACHE: OptionWord = {
  long: 'source-cache',
  short: 'T',
  value: 'MODE',
  allowed: { values: CACHE_MODES, refusal: (mode) => `Invalid source cache option: ${mode}` },
  help: 'accepted for scripts; Spindle leaves caching to the system',
}
export const CACHE: OptionWord = {
  ...SOURCE_CACHE,
  long: 'cache',
  short: 't',
  allowed: { values: CACHE_MODES, refusal: (mode) => `Invalid cache option: ${mode}` },
}

export const IMAGE_OPTS: OptionWord = {
  long: 'image-opts',
  help: 'the file to read is described, as driver=qcow2,file.filename=FILE,encrypt.key-secret=ID',
}
export const OBJECT: OptionWord = {
  long: 'object',
  value: 'secret,id=ID,…',
  help: 'a passphrase for encrypted images: file=FILE holds it, byte for byte, or data=TEXT is it, which others may see; format=base64 where it is written so',
}

/** Every command has it. */
export const ALLOW: OptionWord = {
  long: 'allow',
  value: 'PATH',
  help: 'images may use PATH, a file or a folder and all in it, though it is not in their own folder; may be given again, and SPINDLE_ALLOW may name folders for good, with colons between them; not in qemu-img',
}

export function outputKind(command: CommandWords, words: Words): 'human' | 'json' {
  const kind = words.text('output') ?? 'human'
  if (kind !== 'human' && kind !== 'json') {
    throw usageError(command, `--output expects 'human' or 'json' not '${kind}'`)
  }
  return kind
}

/** qemu-img replaces what is there, and scripts that call us by its name count on it. */
export function mayReplace(given: Words): boolean {
  return given.has('force') || likeQemuImg()
}

/** Runs a job that makes a file. That the file is there already is told together with what to type. */
export async function runMaking(
  job: ConvertJob | CreateJob,
  { operations, signal }: Session,
  progress: (progress: Progress) => void,
): Promise<JobResult> {
  try {
    return await operations.run(job, { signal, progress, pointOfNoReturn: () => {} })
  } catch (error) {
    if (!(error instanceof SpindleError) || error.code !== 'exists' || error.path !== job.target) throw error
    const message = `${job.target} exists already and was not touched. Choose another name, or replace it with --force.`
    throw new SpindleError('exists', message, { path: job.target, cause: error })
  }
}
