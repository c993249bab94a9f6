// A warm program that is forked, so that a thousand of them can be killed in the time in which a few could be started.

import { createRequire } from 'node:module'
import { closeSync, openSync, readSync } from 'node:fs'
import { MiB } from '../../../core/model/units.ts'

const koffi = createRequire(import.meta.url)('koffi') as typeof import('koffi')
const libc = koffi.load(null)

type Foreign = (...values: readonly unknown[]) => number

const systemFork: Foreign = libc.func('int fork()')
const getpid: Foreign = libc.func('int getpid()')
const kill: Foreign = libc.func('int kill(int, int)')
const waitpid: Foreign = libc.func('int waitpid(int, void *, int)')
const exitNow: Foreign = libc.func('void _exit(int)')
const alarm: Foreign = libc.func('unsigned int alarm(unsigned int)')
const usleep: Foreign = libc.func('int usleep(unsigned int)')
const madvise: Foreign = libc.func('int madvise(uintptr_t, size_t, int)')

const SIGKILL = 9
const SIGSEGV = 11
const MADV_DOFORK = 11
/** Seconds after which a program that hangs is ended, which is told. */
const LONGEST = 120

const MOST_MAPS = 4 * MiB
let maps = Buffer.alloc(MOST_MAPS)
let mapsBefore = Buffer.alloc(MOST_MAPS)

/** Node has told the kernel to keep its memory from forked programs. Going through the list may need memory itself. */
function shareMemory(): void {
  for (;;) {
    ;[maps, mapsBefore] = [mapsBefore, maps]
    const length = readMaps()
    if (maps.compare(mapsBefore, 0, length, 0, length) === 0) return
    for (let start = 0; start < length;) {
      const end = maps.indexOf('\n', start)
      const [, from, to] = /^([0-9a-f]+)-([0-9a-f]+) (?!.*\[v)/.exec(maps.toString('latin1', start, end)) ?? []
      start = end + 1
      if (from === undefined || to === undefined) continue
      const address = BigInt(`0x${from}`)
      madvise(address, BigInt(`0x${to}`) - address, MADV_DOFORK)
    }
  }
}

/** Into memory that is there already. */
function readMaps(): number {
  const descriptor = openSync('/proc/self/maps', 'r')
  let length = 0
  for (let count = -1; count !== 0; length += count)
    count = readSync(descriptor, maps, length, MOST_MAPS - length, null)
  closeSync(descriptor)
  return length
}

/** As the kernel does it, in the middle of whatever is going on. */
export function killSelf(): never {
  kill(getpid(), SIGKILL)
  throw new Error('a killed program goes on')
}

/**
 * Runs `work` in a forked program until it kills itself, or, where `after` is given, until so many microseconds have
 * passed. Only this thread is there in the forked program: Node must have been started with `--single-threaded`, and
 * whatever would be done by a thread of its pool must be done otherwise. False when the kernel has ended it instead, which happens where a page of Node's own was missing
 * after all; throws when it ended in any other way.
 */
export async function runAndKill(work: () => Promise<never>, after?: number): Promise<boolean> {
  shareMemory()
  const pid = systemFork()
  if (pid === 0) {
    alarm(LONGEST)
    // What keeps it alive while nothing else does.
    setInterval(() => {}, 1000)
    await work().catch(async (error: unknown) => {
      process.stderr.write(`${error instanceof Error ? (error.stack ?? error.message) : String(error)}\n`)
      exitNow(3)
    })
  }
  if (after !== undefined) {
    usleep(after)
    kill(pid, SIGKILL)
  }
  const status = Buffer.alloc(4)
  waitpid(pid, status, 0)
  const end = status.readInt32LE()
  if (end !== SIGKILL && end !== SIGSEGV) throw new Error(`the program was not killed but ended with ${end}`)
  return end === SIGKILL
}
