// What one session unlocked, and for how long: the engine's answers about passphrases, which are overwritten after use.

import type { SessionSecrets } from '../crypto/session-secrets.ts'
import type { Engine } from '../model/engine.ts'
import type { Job, JobSpec, JobState } from '../model/job.ts'
import type { KeyChange } from '../model/lock.ts'
import type { Operations } from './index.ts'

type Answers = Pick<Engine, 'lockedFile' | 'unlock' | 'lock' | 'holdSecret' | 'changeKeys' | 'backupHeader'>

const UNFINISHED = new Set<JobState['kind']>(['queued', 'running', 'cancelling'])

export class SessionLocks {
  readonly answers: Answers
  readonly #secrets: SessionSecrets
  /** Ids of jobs that have not ended. */
  readonly #open = new Set<string>()
  /** Ids of secrets that jobs were started with. */
  readonly #claimed = new Set<string>()

  constructor(secrets: SessionSecrets, operations: Operations) {
    this.#secrets = secrets
    this.answers = {
      lockedFile: async (path) => operations.lockedFile(path),
      unlock: async (spec) => {
        try {
          return await operations.unlock(spec, secrets)
        } finally {
          spec.passphrase.fill(0)
        }
      },
      lock: async (path) => {
        if (path !== undefined) await operations.lock(path, secrets)
        // What waits its turn needs them; they are forgotten when the last of it has ended.
        else if (this.#open.size === 0) secrets.forgetPassing()
      },
      holdSecret: async (passphrase) => secrets.hold(passphrase),
      changeKeys: async (path, change) => {
        try {
          await operations.changeKeys(path, change)
        } finally {
          overwrite(change)
        }
      },
      backupHeader: async (path, target) => operations.backupHeader(path, target),
    }
  }

  note({ id, spec, state }: Job): void {
    for (const secret of secretsOf(spec)) this.#claimed.add(secret)
    if (UNFINISHED.has(state.kind)) this.#open.add(id)
    else this.#open.delete(id)
    if (this.#open.size > 0) return
    this.#secrets.forgetPassing()
    this.#secrets.drop(this.#claimed)
    this.#claimed.clear()
  }
}

function overwrite(change: KeyChange): void {
  change.known.fill(0)
  if (change.kind !== 'remove') change.added.fill(0)
}

function secretsOf(spec: JobSpec): readonly string[] {
  if (!('options' in spec)) return []
  return Object.entries(spec.options).flatMap(([name, value]) => (name.endsWith('-secret') ? [String(value)] : []))
}
