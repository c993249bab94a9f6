// Unlocking encrypted volumes and changing who can: what is asked, and how it went. Passphrases are bytes, for one use.

export interface UnlockSpec {
  readonly path: string
  readonly passphrase: Uint8Array
  /** Until the program ends; otherwise until something was done with the volume, or it is no longer looked at. */
  readonly remember: boolean
  /** Also when its header asks for more work than is usual. */
  readonly evenLong: boolean
}

export type UnlockOutcome =
  | { readonly kind: 'unlocked' }
  /** Nothing was opened; what trying it cost. */
  | { readonly kind: 'wrong'; readonly path: string; readonly milliseconds: number }
  /** Something was opened, and this file below it has another passphrase. */
  | { readonly kind: 'next'; readonly path: string }
  /** Nothing was tried: the header asks for about so much work. */
  | { readonly kind: 'long'; readonly path: string; readonly seconds: number }

/** One change of the key slots of an encrypted volume. `known` opens it already; trying a new one takes two seconds, or what is given. */
export type KeyChange =
  | { readonly kind: 'add'; readonly known: Uint8Array; readonly added: Uint8Array; readonly milliseconds?: number }
  /** The slots that `known` opens are erased once the new passphrase opens another. */
  | {
      readonly kind: 'replace'
      readonly known: Uint8Array
      readonly added: Uint8Array
      readonly milliseconds?: number
    }
  | {
      readonly kind: 'remove'
      readonly known: Uint8Array
      readonly slot: number
      /** Also the last one, after which nobody can ever read the data again. */
      readonly evenLast: boolean
    }
