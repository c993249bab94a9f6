// The files a request names itself: whoever asks for them has allowed them.

import { pathOf } from '../image/gate.ts'
import type { BackingRef } from '../model/image.ts'
import type { JobSpec } from '../model/job.ts'

/** Absolute. Those that are opened as what they are, sources and targets, need nobody's leave. */
export function namedFiles(job: JobSpec): readonly string[] {
  switch (job.kind) {
    case 'create':
    case 'convert':
      return backingOf(job.backing, job.target)
    case 'rebase':
      return backingOf(job.backing, job.path)
    case 'commit':
      return job.base === undefined ? [] : [job.base]
    default:
      return []
  }
}

function backingOf(backing: Pick<BackingRef, 'path'> | undefined, from: string): readonly string[] {
  return backing ? [pathOf(backing.path, { name: from })] : []
}
