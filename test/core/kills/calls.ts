// Every call that changes a file goes through here: it is counted, done at once, and may be the last one of the program.

import fs from 'node:fs'
import { syncBuiltinESMExports } from 'node:module'
import { libc } from '../../../core/storage/libc.ts'

/** How the program ends at the call whose turn it is: before it, after it, or with half of what was to be written. */
export type Death = 'before' | 'after' | 'half'

let count = 0
let last: { readonly at: number; readonly how: Death; readonly die: () => never } | undefined

/** From here on, calls are counted from 1; at number `at` the program dies. */
export function dieAt(at: number, how: Death, die: () => never): void {
  count = 0
  last = { at, how, die }
}

export function callsSoFar(): number {
  return count
}

type Call = (...values: readonly unknown[]) => unknown
type Calls = Record<string, Call>

const CHANGING = [
  'openSync',
  'writeSync',
  'ftruncateSync',
  'fdatasyncSync',
  'fsyncSync',
  'linkSync',
  'unlinkSync',
  'renameSync',
  'chmodSync',
] as const
const CHANGING_BY_KERNEL = ['allocate', 'punchHole', 'zeroRange', 'copyRange', 'cloneRange'] as const

/** To be called before the engine is loaded. Nothing is left to threads afterwards. */
export function takeOverCalls(): void {
  const sync = fs as unknown as Calls
  for (const name of CHANGING) countCalls(sync, name)
  // It writes past `writeSync`.
  sync['writeFileSync'] = withDescriptors(sync['writeFileSync'])
  const { promises } = fs as unknown as { readonly promises: Calls }
  const waiting = ['unlink', 'link', 'rename', 'realpath', 'chmod', 'chown', 'lstat', 'stat', 'readdir', 'readFile']
  for (const name of [...waiting, 'statfs', 'readlink'])
    promises[name] = async (...values) => sync[`${name}Sync`]?.(...values)
  promises['open'] = async (path) => openNow(String(path))
  sync['fdatasync'] = (descriptor, done) => {
    fs.fdatasyncSync(descriptor as number)
    process.nextTick(done as () => void, null)
  }
  syncBuiltinESMExports()
  const kernel = libc() as unknown as Calls | undefined
  if (kernel) for (const name of CHANGING_BY_KERNEL) countCalls(kernel, name)
}

function countCalls(where: Calls, name: string): void {
  const original = where[name]
  if (!original) throw new Error(`there is no ${name}`)
  where[name] = (...values) => {
    count += 1
    if (!last || count !== last.at) return original(...values)
    if (last.how === 'after') original(...values)
    if (last.how === 'half' && name === 'writeSync') writeHalf(original, values)
    return last.die()
  }
}

/** What a kernel does that is told to stop in the middle of a long write. */
function writeHalf(write: Call, [descriptor, from, offset, length, position]: readonly unknown[]): void {
  if (from instanceof Uint8Array && typeof length === 'number')
    write(descriptor, from, offset, Math.floor(length / 2), position)
  else if (typeof from === 'string') write(descriptor, from.slice(0, Math.floor(from.length / 2)))
}

function withDescriptors(original: Call | undefined): Call {
  return (where, what, ...more) => {
    if (typeof where === 'number') return fs.writeSync(where, what as string)
    return original?.(where, what, ...more)
  }
}

/** Of a file handle, what is used of folders. */
function openNow(path: string) {
  const descriptor = fs.openSync(path, 'r')
  const close = async (): Promise<void> => fs.closeSync(descriptor)
  return { sync: async () => fs.fsyncSync(descriptor), close, [Symbol.asyncDispose]: close }
}
