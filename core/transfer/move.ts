// Writing what a scan found to the places it was given.

import type { Storage } from '../storage/storage.ts'
import { readPadded } from '../storage/storage.ts'
import { KernelHelp } from './kernel.ts'
import type { HostRange } from './kernel.ts'
import type { Move, Scan, ScanTools } from './scan.ts'

export interface MoveTools extends ScanTools {
  /** Uses nothing but reading and writing. */
  readonly portable: boolean
  /**
   * Other threads write the same file. They would wait for each other while the kernel copies; with a buffer one reads
   * while another writes.
   */
  readonly crowded: boolean
  /** Somebody will wait until it is on the disk, which is therefore to begin at once. */
  readonly durable: boolean
}

interface PlacedMove {
  readonly move: Move
  readonly host: number
}

/** Bytes from `offset` in a file, or, without `source`, in the window's buffer. */
interface Transport extends HostRange {
  readonly source: Storage | undefined
  readonly offset: number
}

/** `places` has the host offset of each of the scan's runs. */
export async function moveWindow(
  sources: readonly Storage[],
  scan: Pick<Scan, 'runs' | 'moves' | 'buffer'>,
  places: readonly number[],
  target: Storage,
  tools: MoveTools,
): Promise<void> {
  const kernel = new KernelHelp(target, tools.portable)
  const left: Transport[] = []
  const written: HostRange[] = []
  for (const { move, host } of joinedMoves(scan.moves, places)) {
    const { offset, length } = move
    const source = move.piece && sources[move.piece.source]
    const shared = source && tools.crowded ? kernel.share(source, offset, { host, length }) : 0
    const copied = source && !tools.crowded ? kernel.copy(source, offset, { host, length }, tools.check) : 0
    const done = shared + copied
    if (shared < length) written.push({ host, length })
    if (done < length) left.push({ source, offset: offset + done, host: host + done, length: length - done })
  }
  if (tools.crowded) kernel.reserve(left)
  await copyThrough(tools, left, scan.buffer, target)
  if (target.enciphered === true) await clearGaps(scan, places, target)
  if (tools.durable) kernel.startWriting(written)
}

/** What a run has between its moves is zeros, and in a storage that holds noise they have to be written. */
async function clearGaps(
  { runs, moves }: Pick<Scan, 'runs' | 'moves'>,
  places: readonly number[],
  target: Storage,
): Promise<void> {
  let next = 0
  for (const [run, { length }] of runs.entries()) {
    const host = places[run] ?? 0
    let done = 0
    for (let move = moves[next]; move?.run === run; move = moves[(next += 1)]) {
      if (move.skip > done) await target.zero(host + done, move.skip - done)
      done = move.skip + move.length
    }
    if (done < length) await target.zero(host + done, length - done)
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

/** Bytes that go to one place are written together, wherever they come from: few large writes are faster than many. */
async function copyThrough(
  tools: MoveTools,
  transports: readonly Transport[],
  buffer: Uint8Array | undefined,
  target: Storage,
): Promise<void> {
  const { scratch } = tools.buffers
  let start = 0
  let filled = 0
  const flush = async (): Promise<void> => {
    if (filled > 0) await target.write(start, scratch.subarray(0, filled))
    filled = 0
  }
  for (const { source, offset, host, length } of transports) {
    if (!source) {
      if (buffer) await target.write(host, buffer.subarray(offset, offset + length))
      continue
    }
    for (let done = 0; done < length;) {
      if (filled === scratch.length || start + filled !== host + done) {
        tools.check()
        await flush()
        start = host + done
      }
      const bytes = scratch.subarray(filled, filled + length - done)
      await readPadded(source, offset + done, bytes)
      filled += bytes.length
      done += bytes.length
    }
  }
  await flush()
}
