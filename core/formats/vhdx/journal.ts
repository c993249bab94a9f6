// Changing tables through the log: complete in the log first, then in their places, then the log is empty again.

import type { Storage } from '../../storage/storage.ts'
import { NO_GUID, newGuid } from '../../bytes/guid.ts'
import type { Headers } from './headers.ts'
import { encodeEntry } from './log.ts'

/** 4 KiB of the file as they are to be. */
export interface NewSector {
  readonly offset: number
  readonly bytes: Uint8Array
}

export class Journal {
  readonly #storage: Storage
  readonly #headers: Headers
  #sequence = 0n

  constructor(storage: Storage, headers: Headers) {
    this.#storage = storage
    this.#headers = headers
  }

  /**
   * Durable when this returns, and after everything that was written before; `apply` puts the sectors in their places. A
   * crash leaves all of them as they were, or a log that makes all of them new.
   */
  async commit(sectors: readonly NewSector[], apply: () => Promise<void>): Promise<void> {
    const { current } = this.#headers
    const guid = newGuid()
    this.#sequence += 1n
    const fileSize = await this.#storage.size()
    const entry = encodeEntry({ guid, sequence: this.#sequence, fileSize, sectors })
    // No header knows the entry yet, so it may be written in any order with what came before.
    await this.#storage.write(current.log_offset, entry)
    await this.#headers.update({ log_guid: guid })
    await apply()
    await this.#headers.update({ log_guid: NO_GUID })
  }
}
