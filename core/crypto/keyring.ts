// Passphrases and volume keys of one session, overwritten when it ends.

import type { SecretRequest, Secrets } from './secrets.ts'

export interface KeyringOptions {
  /** Asks the person in front of the machine. The keyring takes over what it gives. Left out, no one is asked. */
  readonly ask?: (request: SecretRequest) => Promise<Uint8Array | undefined>
  readonly mayTake?: (path: string, seconds: number) => Promise<boolean>
}

export class Keyring implements Secrets {
  readonly #options: KeyringOptions
  readonly #named = new Map<string, Uint8Array>()
  readonly #asked = new Map<string, Uint8Array>()
  readonly #volumeKeys = new Map<string, Uint8Array>()

  constructor(options: KeyringOptions = {}) {
    this.#options = options
  }

  /** Takes `passphrase` over. What is named so already is replaced. */
  add(id: string, passphrase: Uint8Array): void {
    this.#named.get(id)?.fill(0)
    this.#named.set(id, passphrase)
  }

  async passphrase(request: SecretRequest): Promise<Uint8Array | undefined> {
    const { id, path, purpose, attempt } = request
    if (id !== undefined) return attempt === 0 ? copyOf(this.#named.get(id)) : undefined
    // What was given for no file in particular is tried for each; a new image takes none that was not named.
    const named = purpose === 'new' ? [] : [...this.#named.values()]
    const known = named[attempt]
    if (known) return copyOf(known)
    const asking = attempt - named.length
    const earlier = this.#asked.get(path)
    if (earlier && asking === 0 && purpose === 'unlock') return copyOf(earlier)
    // It opened nothing.
    earlier?.fill(0)
    this.#asked.delete(path)
    const answer = await this.#options.ask?.({ ...request, attempt: asking })
    if (answer) this.#asked.set(path, answer)
    return copyOf(answer)
  }

  async mayTake(path: string, seconds: number): Promise<boolean> {
    return (await this.#options.mayTake?.(path, seconds)) ?? false
  }

  volumeKey(header: string): Uint8Array | undefined {
    return copyOf(this.#volumeKeys.get(header))
  }

  keepVolumeKey(header: string, key: Uint8Array): void {
    this.#volumeKeys.get(header)?.fill(0)
    this.#volumeKeys.set(header, new Uint8Array(key))
  }

  /** Overwrites everything it knows. */
  clear(): void {
    for (const map of [this.#named, this.#asked, this.#volumeKeys]) {
      for (const bytes of map.values()) bytes.fill(0)
      map.clear()
    }
  }
}

/** What slice() gives of a Buffer is the same memory. */
function copyOf(bytes: Uint8Array | undefined): Uint8Array | undefined {
  return bytes && new Uint8Array(bytes)
}
