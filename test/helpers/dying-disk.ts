// A program that dies at a chosen moment: from one change of the file system on, none is made any more.

import fs from 'node:fs'
import { syncBuiltinESMExports } from 'node:module'

const SYNC = ['writeSync', 'ftruncateSync', 'openSync'] as const
const PROMISED = ['link', 'unlink', 'rename', 'rmdir', 'mkdir', 'rm', 'open'] as const

type Patchable = Record<string, (...args: readonly unknown[]) => unknown>

/** Whether opening a file may make one. */
function makes(name: string, flags: unknown): boolean {
  if (name === 'openSync') return typeof flags === 'number' && (flags & fs.constants.O_CREAT) !== 0
  return name !== 'open' || flags === 'w'
}

/**
 * Runs `work` and lets so many changes through; all that come after fail. Returns how many there were, so a larger
 * number than that means it lived.
 */
export async function dyingAfter(changes: number, work: () => Promise<unknown>): Promise<number> {
  let count = 0
  const targets: readonly (readonly [Patchable, readonly string[]])[] = [
    [fs as unknown as Patchable, SYNC],
    [fs.promises as unknown as Patchable, PROMISED],
  ]
  const restore = targets.flatMap(([target, names]) =>
    names.map((name) => {
      const original = target[name]
      target[name] = (...args) => {
        if (makes(name, args[1])) count += 1
        if (makes(name, args[1]) && count > changes) throw new Error('dead')
        return original?.apply(target, [...args])
      }
      return () => Object.assign(target, { [name]: original })
    }),
  )
  syncBuiltinESMExports()
  try {
    await work().catch((error: unknown) => {
      if (count <= changes) throw error
    })
  } finally {
    for (const one of restore) one()
    syncBuiltinESMExports()
  }
  return count
}
