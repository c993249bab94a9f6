// Writing what a scan found to the places it was given.

import { MiB } from '../model/units.ts'
import { SystemCallError, libc } from '../storage/libc.ts'
import type { Storage } from '../storage/storage.ts'
import { readPadded } from '../storage/storage.ts'
import type { CopyWindow } from './copy-window.ts'
import type { Move, Scan, ScanTools } from './scan.ts'

/** Bytes the kernel copies in one go: it cannot be stopped in the middle. */
const COPY_STEP = 4 * MiB

export interface MoveTools extends ScanTools {
  /** Never asks the kernel to copy. */
  readonly portable: boolean
}

interface Place {
  readonly storage: Storage
  readonly offset: number
}

/** `places` has the host offset of each of the scan's runs. */
export async function moveWindow(
  window: CopyWindow,
  scan: Scan,
  places: readonly number[],
  target: Storage,
  tools: MoveTools,
): Promise<void> {
  for (const { move, host } of joinedMoves(scan.moves, places)) {
    const to = { storage: target, offset: host }
    const source = move.piece && window.sources[move.piece.source]
    if (source) {
      await copyBytes({ storage: source, offset: move.offset }, to, move.length, tools)
    } else if (scan.buffer) {
      tools.check()
      await target.write(host, scan.buffer.subarray(move.offset, move.offset + move.length))
    }
  }
}

interface PlacedMove {
  readonly move: Move
  readonly host: number
}

/** Moves whose bytes lie together both where they are and where they go are one: packed blocks mostly do. */
function* joinedMoves(moves: readonly Move[], places: readonly number[]): Generator<PlacedMove> {
  let open: PlacedMove | undefined
  for (const move of moves) {
    const host = (places[move.run] ?? 0) + move.skip
    if (open && continues(open, move, host)) {
      open = { host: open.host, move: { ...open.move, length: open.move.length + move.length } }
    } else {
      if (open) yield open
      open = { move, host }
    }
  }
  if (open) yield open
}

function continues({ move, host }: PlacedMove, next: Move, nextHost: number): boolean {
  return (
    move.piece?.source === next.piece?.source &&
    move.offset + move.length === next.offset &&
    host + move.length === nextHost
  )
}

async function copyBytes(from: Place, to: Place, length: number, tools: MoveTools): Promise<void> {
  const { scratch } = tools.buffers
  for (let done = copyByKernel(from, to, length, tools); done < length;) {
    tools.check()
    const bytes = scratch.subarray(0, Math.min(scratch.length, length - done))
    await readPadded(from.storage, from.offset + done, bytes)
    await to.storage.write(to.offset + done, bytes)
    done += bytes.length
  }
}

/** How many bytes the kernel copied. Where it stops, for whatever reason, plain reading and writing take over. */
function copyByKernel(from: Place, to: Place, length: number, tools: MoveTools): number {
  const source = from.storage.descriptor
  const target = to.storage.descriptor
  if (tools.portable || source === undefined || target === undefined) return 0
  const calls = libc()
  if (!calls) return 0
  let done = 0
  try {
    while (done < length) {
      tools.check()
      const step = Math.min(COPY_STEP, length - done)
      const count = calls.copyRange(source, from.offset + done, target, to.offset + done, step)
      if (count === 0) break
      done += count
    }
  } catch (error) {
    // Two file systems, a full disk, a broken one: the plain way either works or says what is wrong.
    if (!(error instanceof SystemCallError)) throw error
  }
  return done
}
