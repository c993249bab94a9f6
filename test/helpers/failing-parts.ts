// The real file system, on which the n-th call of all fails: once, or from then on.

import { fileGate } from '../../core/image/gate.ts'
import type { OpenFile } from '../../core/image/gate.ts'
import { SpindleError } from '../../core/model/error.ts'
import type { ErrorCode } from '../../core/model/error.ts'
import { systemParts } from '../../core/operations/parts.ts'
import type { Parts } from '../../core/operations/parts.ts'
import { testKeyring } from './keyring.ts'
import { FaultyStorage } from './faulty-storage.ts'
import type { StorageCall } from './faulty-storage.ts'

export interface Failing {
  /** Counted from 1, over all files; left out, none fails. */
  readonly at?: number
  readonly code: ErrorCode
  readonly forEver: boolean
  /** Calls that are counted; the others never fail. */
  readonly calls?: ReadonlySet<StorageCall>
}

/** What a full file system refuses. */
export const TAKING_ROOM: ReadonlySet<StorageCall> = new Set(['write', 'zero', 'allocate'])

export interface FailingParts extends Parts {
  readonly count: () => number
  /** Also opening a file is a call. */
  readonly onCall: (call: StorageCall | 'open', path: string) => void
}

export function failingParts({ at, code, forEver, calls }: Failing): FailingParts {
  let count = 0
  const onCall = (call: StorageCall | 'open', path: string): void => {
    if (calls && (call === 'open' || !calls.has(call))) return
    count += 1
    if (at === undefined || (forEver ? count < at : count !== at)) return
    throw new SpindleError(code, `The system fails to ${call} ${path}. Nothing is known of the reason.`, { path })
  }
  const system = systemParts('shared', testKeyring())
  const failing =
    (open: OpenFile): OpenFile =>
    async (path, access) => {
      onCall('open', path)
      return new FaultyStorage(await open(path, access), { onCall: (call) => onCall(call, path) })
    }
  const [openFile, look] = [failing(system.openFile), failing(system.look)]
  const gate = { ...system.gate, ...fileGate(openFile), secrets: testKeyring() }
  return { ...system, openFile, look, gate, count: () => count, onCall }
}
