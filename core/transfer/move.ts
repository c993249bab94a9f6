// Writing what a scan found to the places it was given.

import { KiB, MiB } from '../model/units.ts'
import { SystemCallError, libc } from '../storage/libc.ts'
import type { Storage } from '../storage/storage.ts'
import { readPadded } from '../storage/storage.ts'
import type { Move, Scan, ScanTools } from './scan.ts'

/** Bytes the kernel copies in one go: it cannot be stopped in the middle. */
const COPY_STEP = 4 * MiB
/** Shorter ranges are not worth a call to reserve room for them. */
const LEAST_RESERVED = 256 * KiB

export interface MoveTools extends ScanTools {
  /** Uses nothing but reading and writing. */
  readonly portable: boolean
  /**
   * Other threads write the same file. They would wait for each other while the kernel copies; with a buffer one reads
   * while another writes.
   */
  readonly crowded: boolean
}

interface PlacedMove {
  readonly move: Move
  readonly host: number
}

/** Bytes from `offset` in a file, or, without `source`, in the window's buffer, to `host`. */
interface Transport {
  readonly source?: Storage
  readonly offset: number
  readonly host: number
  readonly length: number
}

/** `places` has the host offset of each of the scan's runs. */
export async function moveWindow(
  sources: readonly Storage[],
  scan: Pick<Scan, 'moves' | 'buffer'>,
  places: readonly number[],
  target: Storage,
  tools: MoveTools,
): Promise<void> {
  const left: Transport[] = []
  for (const { move, host } of joinedMoves(scan.moves, places)) {
    const source = move.piece && sources[move.piece.source]
    const transport = { ...(source && { source }), offset: move.offset, host, length: move.length }
    const done = movedByKernel(transport, target, tools)
    if (done < move.length) left.push(withoutHead(transport, done))
  }
  if (tools.crowded) reserveRoom(left, target, tools)
  for (const transport of left) {
    if (transport.source) await copyBytes(transport, transport.source, target, tools)
    else if (scan.buffer) await target.write(transport.host, bufferOf(transport, scan.buffer))
  }
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

function withoutHead(transport: Transport, length: number): Transport {
  const { offset, host } = transport
  return { ...transport, offset: offset + length, host: host + length, length: transport.length - length }
}

function bufferOf({ offset, length }: Transport, buffer: Uint8Array): Uint8Array {
  return buffer.subarray(offset, offset + length)
}

async function copyBytes(transport: Transport, source: Storage, target: Storage, tools: MoveTools): Promise<void> {
  const { offset, host, length } = transport
  const { scratch } = tools.buffers
  for (let done = 0; done < length; done += scratch.length) {
    tools.check()
    const bytes = scratch.subarray(0, length - done)
    await readPadded(source, offset + done, bytes)
    await target.write(host + done, bytes)
  }
}

/** How many bytes the kernel moved. Where it stops, for whatever reason, plain reading and writing take over. */
function movedByKernel(transport: Transport, target: Storage, tools: MoveTools): number {
  const from = transport.source?.descriptor
  const to = target.descriptor
  const calls = tools.portable || from === undefined || to === undefined ? undefined : libc()
  if (!calls || from === undefined || to === undefined) return 0
  const { offset, host, length } = transport
  let done = 0
  try {
    if (tools.crowded) {
      calls.cloneRange(from, offset, to, host, length)
      return length
    }
    for (let count = 1; count > 0 && done < length; done += count) {
      tools.check()
      count = calls.copyRange(from, offset + done, to, host + done, Math.min(COPY_STEP, length - done))
    }
  } catch (error) {
    // Two file systems, a full disk, a broken one: the plain way either works or says what is wrong.
    if (!(error instanceof SystemCallError)) throw error
  }
  return done
}

/** Writing into reserved room is a good deal faster than having it found block by block. */
function reserveRoom(transports: readonly Transport[], target: Storage, tools: MoveTools): void {
  const calls = tools.portable || target.descriptor === undefined ? undefined : libc()
  if (!calls || target.descriptor === undefined) return
  for (const { host, length } of hostRanges(transports)) {
    if (length < LEAST_RESERVED) continue
    try {
      calls.allocate(target.descriptor, host, length)
    } catch (error) {
      // Then it is found block by block, and a full disk shows itself there.
      if (!(error instanceof SystemCallError)) throw error
    }
  }
}

function* hostRanges(transports: readonly Transport[]): Generator<{ readonly host: number; readonly length: number }> {
  let open = { host: 0, length: 0 }
  for (const { host, length } of transports) {
    if (open.host + open.length === host) {
      open = { host: open.host, length: open.length + length }
    } else {
      yield open
      open = { host, length }
    }
  }
  yield open
}
