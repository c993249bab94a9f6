// What one session of the window knows of passphrases: those held for one use, and the keys of what was unlocked.

import type { Secrets } from './secrets.ts'

interface Known {
  readonly key: Uint8Array
  readonly remembered: boolean
}

/** Asks nobody: what it was not told in advance stays locked. */
export class SessionSecrets implements Secrets {
  readonly #held = new Map<string, Uint8Array>()
  readonly #known = new Map<string, Known>()
  #count = 0

  /** Takes `passphrase` over, for the one image whose options name the id that is returned. */
  hold(passphrase: Uint8Array): string {
    this.#count += 1
    const id = `held-${this.#count}`
    this.#held.set(id, passphrase)
    return id
  }

  /** Gives it away: what is asked for again is not there. */
  async passphrase({ id }: { readonly id?: string }): Promise<Uint8Array | undefined> {
    if (id === undefined) return undefined
    const passphrase = this.#held.get(id)
    this.#held.delete(id)
    return passphrase
  }

  async mayTake(): Promise<boolean> {
    return false
  }

  volumeKey(header: string): Uint8Array | undefined {
    const known = this.#known.get(header)
    return known && new Uint8Array(known.key)
  }

  keepVolumeKey(header: string, key: Uint8Array): void {
    this.keep(header, key, this.#known.get(header)?.remembered ?? false)
  }

  keep(header: string, key: Uint8Array, remembered: boolean): void {
    const copy = new Uint8Array(key)
    this.forget(header)
    this.#known.set(header, { key: copy, remembered })
  }

  forget(header: string): void {
    this.#known.get(header)?.key.fill(0)
    this.#known.delete(header)
  }

  /** Of what was not to be remembered, nothing is known any more. */
  forgetPassing(): void {
    for (const [header, { remembered }] of this.#known) if (!remembered) this.forget(header)
  }

  /** Those that nobody came for. */
  drop(ids: Iterable<string>): void {
    for (const id of ids) {
      this.#held.get(id)?.fill(0)
      this.#held.delete(id)
    }
  }

  clear(): void {
    this.drop([...this.#held.keys()])
    for (const header of this.#known.keys()) this.forget(header)
  }
}
