// One kind of malformed or hostile input, how it is made, and what a correct program answers.

/**
 * `refuse`: not read at all. `open`: as if nothing were wrong. `read-only`: read, and not written before it is repaired.
 * `finding`: told of by what describes it or checks it, or not read. `read-error`: never zeros or other bytes where it is
 * damaged. `unfollowed`: described, and nothing opened that it leads to. `repair`: read, and put right before it is written.
 * `operation`: read, and what would overflow is refused before anything is written. `bounded`: ends, or can be stopped.
 */
export type Answer =
  'refuse' | 'open' | 'read-only' | 'finding' | 'read-error' | 'unfollowed' | 'repair' | 'operation' | 'bounded'

export interface Row {
  /** Stays the same whatever is said of it. */
  readonly id: string
  readonly what: string
  readonly answer: Answer
  /** Content by name; the image is called `disk`. A string is where a symbolic link leads. */
  readonly files: () => Promise<ReadonlyMap<string, Uint8Array | string>>
  /** Bytes, where the file is longer than its content. */
  readonly size?: number
  /** Left out, it is found out. */
  readonly format?: string
}
