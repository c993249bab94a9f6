// What a running command tells of its job where others can follow it: one small file of its own, gone when it ends.

import { lstatSync, mkdirSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Operations } from '../index.ts'
import type { JobSpec, Progress } from '../model/job.ts'

/** As it stands in the file. */
export interface Watched {
  readonly process: number
  /** What is done, and to which file. */
  readonly kind: JobSpec['kind']
  readonly file: string
  /** Milliseconds since 1970. */
  readonly startedAt: number
  readonly progress: Progress
}

/** Milliseconds. What is done sooner is not worth a file. */
const FIRST = 300
const BETWEEN = 250

/** Of this user alone. */
export function watchFolder(): string {
  return join(process.env['XDG_RUNTIME_DIR'] ?? tmpdir(), `spindle-${process.getuid?.() ?? 'jobs'}`)
}

/** The same operations, which also tell how far their jobs are. */
export function watched(operations: Operations): Operations {
  return {
    ...operations,
    async run(job, context) {
      const startedAt = Date.now()
      const path = join(watchFolder(), `${process.pid}.json`)
      let next = startedAt + FIRST
      let isThere = false
      const progress = (now: Progress): void => {
        context.progress(now)
        const time = Date.now()
        if (time < next) return
        next = time + BETWEEN
        isThere = written(path, { process: process.pid, kind: job.kind, file: fileOf(job), startedAt, progress: now })
        // Where it cannot be written nobody can follow, and the job goes on all the same.
        if (!isThere) next = Infinity
      }
      try {
        return await operations.run(job, { ...context, progress })
      } finally {
        if (isThere) rmSync(path, { force: true })
      }
    },
  }
}

function written(path: string, state: Watched): boolean {
  try {
    mkdirSync(watchFolder(), { recursive: true, mode: 0o700 })
    if (!isOurs(watchFolder())) return false
    // Whoever reads it finds a whole one.
    writeFileSync(`${path}.partial`, JSON.stringify(state), { mode: 0o600 })
    renameSync(`${path}.partial`, path)
    return true
  } catch {
    return false
  }
}

/** Where everybody may make folders, somebody else may have made this one, to have us write over something. */
function isOurs(folder: string): boolean {
  const found = lstatSync(folder)
  const others = process.getuid ? found.mode & 0o077 : 0
  return found.isDirectory() && others === 0 && (process.getuid?.() ?? found.uid) === found.uid
}

function fileOf(job: JobSpec): string {
  if ('target' in job) return job.target
  if ('path' in job) return job.path
  return 'left' in job ? job.left : ''
}
