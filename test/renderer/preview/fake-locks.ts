// Encrypted volumes of the fake engine: all have the passphrase “spindle”.

import { SpindleError } from '../../../core/model/index.ts'
import type { EngineApi } from '../../../electron/contract/api.ts'
import type { Volume } from '../../../electron/contract/data.ts'

type Answers = Pick<EngineApi, 'lockedFile' | 'unlock' | 'lock' | 'holdSecret' | 'changeKeys' | 'backupHeader'>

const PASSPHRASE = 'spindle'

function isRight(bytes: Uint8Array): boolean {
  return new TextDecoder().decode(bytes) === PASSPHRASE
}

export class FakeLocks {
  readonly #unlocked = new Set<string>()
  #held = 0

  answers(volumeOf: (id: string) => Volume): Answers {
    return {
      lockedFile: async (id) => {
        const { name, encrypted } = volumeOf(id)
        return encrypted === true && !this.#unlocked.has(id) ? name : null
      },
      unlock: async ({ volume, passphrase, evenLong }) => {
        const { name } = volumeOf(volume)
        if (passphrase.length > 20 && !evenLong) return { kind: 'long', path: name, seconds: 900 }
        if (!isRight(passphrase)) return { kind: 'wrong', path: name, milliseconds: 1900 }
        this.#unlocked.add(volume)
        return { kind: 'unlocked' }
      },
      lock: async (volume) => {
        if (volume === null) this.#unlocked.clear()
        else this.#unlocked.delete(volume)
      },
      holdSecret: async () => `held-${(this.#held += 1)}`,
      changeKeys: async (id, { known }) => {
        if (isRight(known)) return
        const message = `${volumeOf(id).name} is encrypted, and the passphrase given does not open it. Nothing was changed. Check the passphrase and try again.`
        throw new SpindleError('locked', message)
      },
      backupHeader: async () => undefined,
    }
  }
}
