// How passphrases reach the engine: asked for when one is needed, by whoever knows the user.

export interface SecretRequest {
  /** Of the file that is locked, or is being made. */
  readonly path: string
  /** By what name a passphrase was announced, where the request names one. */
  readonly id?: string
  /** A new passphrase is one to be typed twice. */
  readonly purpose: 'unlock' | 'new'
  /** 0 first, and one more each time the answer opened nothing. */
  readonly attempt: number
}

/** Knows the user, and keeps what was unlocked for as long as it lives. */
export interface Secrets {
  /** A copy of the passphrase, which the caller overwrites after use. Undefined when there is none, or no other one. */
  passphrase(request: SecretRequest): Promise<Uint8Array | undefined>
  /** Whether so much work may be done to find out if a passphrase is right, in seconds: a header can ask for any amount. */
  mayTake(path: string, seconds: number): Promise<boolean>
  /** A copy of the key that unlocks what has this header, by a digest of that, where it was unlocked before. */
  volumeKey(header: string): Uint8Array | undefined
  keepVolumeKey(header: string, key: Uint8Array): void
}
