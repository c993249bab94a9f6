// Which files of the library are in use, looked up now and then at the price of one small file of the system's.

import type { HolderFacts } from '../model/library.ts'
import { holdersOf, markedInodes } from '../storage/lock-holders.ts'

/** Milliseconds between two looks. */
const INTERVAL = 2000

export interface HolderWatching {
  /** Whether it is a file of the library. */
  readonly isKnown: (inode: string) => boolean
  readonly changed: (holders: ReadonlyMap<string, HolderFacts>) => void
  readonly interval?: number
}

/** Looks for programs only when other files are locked than before. Returns what ends it. */
export function watchHolders({ isKnown, changed, interval = INTERVAL }: HolderWatching): () => void {
  let before = ''
  const look = (): void => {
    const locked = [...markedInodes()].filter(isKnown).toSorted()
    const now = locked.join(' ')
    if (now === before) return
    before = now
    changed(holdersOf(new Set(locked)))
  }
  const timer = setInterval(look, interval)
  timer.unref()
  return () => clearInterval(timer)
}
