// How often something was locked or unlocked: whatever was asked about a volume before may have another answer now.

import { create } from 'zustand'

interface LockChanges {
  readonly count: number
}

export const useLockChanges = create<LockChanges>()(() => ({ count: 0 }))
