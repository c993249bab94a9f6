// Running operations the way the queue does, and looking at what they left.

import { createHash } from 'node:crypto'
import { readFileSync, statSync } from 'node:fs'
import type { OperationContext } from '../../core/jobs/operation.ts'
import type { ConvertJob, Progress } from '../../core/model/job.ts'
import type { OpenFile } from '../../core/image/gate.ts'
import { fileGate } from '../../core/image/gate.ts'
import { systemParts } from '../../core/operations/parts.ts'
import type { Parts } from '../../core/operations/parts.ts'
import { openFile } from '../../core/storage/file.ts'
import { FaultyStorage } from './faulty-storage.ts'
import type { FaultyOptions } from './faulty-storage.ts'

export interface Recorded {
  readonly context: OperationContext
  readonly progress: Progress[]
  readonly committed: () => boolean
}

/** A context that remembers. `cancelWhen` is asked at every report. */
export function recorded(cancelWhen?: (progress: Progress) => boolean): Recorded {
  const abort = new AbortController()
  const progress: Progress[] = []
  let committed = false
  return {
    progress,
    committed: () => committed,
    context: {
      signal: abort.signal,
      progress(now) {
        progress.push(now)
        if (cancelWhen?.(now)) abort.abort()
      },
      pointOfNoReturn() {
        committed = true
      },
    },
  }
}

/** The real file system, but new files fail as told. */
export function faultyParts(faults: FaultyOptions): Parts {
  const open: OpenFile = async (path, access) =>
    access === 'create' ? new FaultyStorage(await openFile(path, access), faults) : openFile(path, access)
  return { ...systemParts(), openFile: open, gate: fileGate(open) }
}

export function convertJob(source: string, target: string, more: Partial<ConvertJob> = {}): ConvertJob {
  return {
    kind: 'convert',
    source,
    target,
    format: 'qcow2',
    options: {},
    compress: false,
    verify: false,
    ...more,
  }
}

/** Everything of a file that a job must not change. */
export function fingerprint(path: string): string {
  const { mtimeMs, size, ino } = statSync(path)
  return `${ino} ${size} ${mtimeMs} ${createHash('sha256').update(readFileSync(path)).digest('hex')}`
}
