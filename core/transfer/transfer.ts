// The copier: moves everything a disk holds into an image being built. Knows no format.

import { setImmediate as nextTurn } from 'node:timers/promises'
import type { ImageBuilder } from '../image/driver.ts'
import type { VirtualDisk } from '../image/virtual-disk.ts'
import type { Pace } from '../jobs/pace.ts'
import { SpindleError } from '../model/error.ts'
import { MiB } from '../model/units.ts'
import { Buffers } from './buffers.ts'
import { windowsOf } from './copy-window.ts'
import type { CopyWindow } from './copy-window.ts'
import { LocalMover } from './mover.ts'
import type { Mover, ScannedWindow } from './mover.ts'
import { planTransfer } from './plan.ts'
import type { TransferTotals } from './plan.ts'
import { TransferPool } from './pool.ts'
import { PoolMover, isShareable } from './pool-mover.ts'
import type { Run, TargetShape } from './scan.ts'
import { Stop } from './stop.ts'

/** From here on threads are worth it that run already, */
const POOL_FROM = 64 * MiB
/** those that have to be started, */
const NEW_POOL_FROM = 512 * MiB
/** and those that pack or unpack. */
const POOL_FROM_COMPUTING = 16 * MiB
/** Guest bytes after which the builder may write out tables. */
const DRAIN_EVERY = 256 * MiB

export interface TransferOptions {
  /** Pack the blocks; the builder must have `packing`. */
  readonly compress?: boolean
  /** The target has a backing file: where the source has nothing, that must not shine through. */
  readonly overBacking?: boolean
  /** Called with the guest bytes of each window that is done. */
  readonly pace?: Pace
  readonly signal?: AbortSignal
  /** As planTransfer found them; left out, it is asked. */
  readonly totals?: TransferTotals
  /** Left out, a large transfer has threads of its own. */
  readonly pool?: TransferPool
  /** Uses nothing but reading and writing. */
  readonly portable?: boolean
}

/**
 * Copies all data to where the builder of an image of the same size places it, and leaves out what is zero. Does not call
 * `finish`. When it throws (what failed first, or `cancelled`), nothing is being written any more.
 */
export async function transfer(
  source: VirtualDisk,
  builder: ImageBuilder,
  options: TransferOptions = {},
): Promise<void> {
  const stop = new Stop(options.signal)
  await using ownPool = options.pool ? undefined : new TransferPool()
  try {
    const totals = options.totals ?? (await planTransfer(source, options.pace))
    const shape = shapeOf(source, builder, options)
    const movers = moversOf(builder, totals, {
      shape,
      stop,
      portable: options.portable ?? false,
      pool: options.pool ?? ownPool,
    })
    await new Transfer({ source, builder, options, stop, shape, ...movers }).run()
  } finally {
    stop.end()
  }
}

function shapeOf(source: VirtualDisk, builder: ImageBuilder, options: TransferOptions): TargetShape {
  const { blockSize, packing, placesSingly } = builder
  const shape = { blockSize, diskSize: source.size, ...(placesSingly === true && { singly: true }) }
  if (options.compress !== true) return shape
  if (!packing)
    throw new SpindleError('invalid-argument', `${builder.storage.name} is in a format without compression.`)
  const { codec, level, required } = packing
  const asked = { codec, ...(level !== undefined && { level }), ...(required === true && { required }) }
  return { ...shape, packing: asked }
}

interface Movers {
  readonly local: LocalMover
  /** For windows whose files another thread can use; absent where that does not pay. */
  readonly pooled?: PoolMover
}

function moversOf(
  builder: ImageBuilder,
  totals: TransferTotals,
  how: {
    readonly shape: TargetShape
    readonly stop: Stop
    readonly portable: boolean
    readonly pool: TransferPool | undefined
  },
): Movers {
  const { shape, stop, portable, pool } = how
  const durable = builder.storage.relaxed !== true
  const task = { target: builder.storage, shape, portable, durable, check: stop.check }
  const local = new LocalMover({ ...task, crowded: false }, new Buffers())
  const computing = shape.packing !== undefined || totals.packedBytes > totals.dataBytes
  const from = computing ? POOL_FROM_COMPUTING : pool?.running === true ? POOL_FROM : NEW_POOL_FROM
  if (!pool || totals.dataBytes + totals.packedBytes < from || !isShareable(builder.storage)) return { local }
  const shared = { ...task, crowded: true, computing, stop: stop.flag }
  return { local, pooled: new PoolMover(pool, shared, new Buffers()) }
}

interface TransferParts extends Movers {
  readonly source: VirtualDisk
  readonly builder: ImageBuilder
  readonly options: TransferOptions
  readonly stop: Stop
  readonly shape: TargetShape
}

class Transfer {
  readonly #parts: TransferParts
  readonly #running = new Map<Promise<void>, Mover>()
  /** Settled once the window before has its places. */
  #earlier: Promise<void> = Promise.resolve()
  /** Guest bytes before this have a place, or none. */
  #settled = 0
  #undrained = 0

  constructor(parts: TransferParts) {
    this.#parts = parts
  }

  async run(): Promise<void> {
    const { source, shape, stop } = this.#parts
    try {
      const buffered = shape.packing !== undefined
      for await (const window of windowsOf(source, { blockSize: shape.blockSize, buffered, pace: this.#pace })) {
        await this.#start(window)
      }
    } catch (error) {
      stop.now(error)
    }
    await Promise.all(this.#running.keys())
    stop.check()
    this.#skipTo(source.size)
  }

  readonly #pace: Pace = (bytes) => {
    this.#parts.stop.check()
    return this.#parts.options.pace?.(bytes)
  }

  async #start(window: CopyWindow): Promise<void> {
    const mover = await this.#moverFor(window)
    this.#parts.stop.check()
    const placed = Promise.withResolvers<void>()
    const work = this.#carryOut(window, mover, this.#earlier, placed.resolve)
    this.#earlier = placed.promise
    this.#running.set(work, mover)
    void work.then(() => this.#running.delete(work))
    // Work in this thread never waits for anything: without a turn of its own nothing else would come through.
    if (mover === this.#parts.local) await nextTurn()
  }

  /** Returns once one has room. While the pool's threads are starting, this thread does what it can. */
  async #moverFor(window: CopyWindow): Promise<Mover> {
    const { local, pooled } = this.#parts
    for (;;) {
      const pool = pooled && window.sources.every(isShareable) ? pooled : undefined
      const candidates = !pool ? [local] : pool.complete ? [pool] : [pool, local]
      const underWay = [...this.#running.values()]
      const found = candidates.find((mover) => underWay.filter((one) => one === mover).length < mover.capacity)
      if (found) return found
      await Promise.race(this.#running.keys())
    }
  }

  /** Never rejects: the first failure stops everything. */
  async #carryOut(window: CopyWindow, mover: Mover, earlier: Promise<void>, placed: () => void): Promise<void> {
    try {
      const scanned = await mover.scan(window)
      await earlier
      const places = await this.#placesFor(scanned)
      placed()
      await scanned.move(places)
      await this.#pace(window.length)
    } catch (error) {
      this.#parts.stop.now(error)
      placed()
    }
  }

  async #placesFor(scanned: ScannedWindow): Promise<readonly number[]> {
    try {
      this.#parts.stop.check()
      const places = scanned.runs.map((run) => this.#place(run))
      if (this.#undrained >= DRAIN_EVERY) {
        this.#undrained = 0
        await this.#parts.builder.drain()
      }
      return places
    } catch (error) {
      scanned.drop()
      throw error
    }
  }

  #place({ guest, length, packedLength }: Run): number {
    const { builder } = this.#parts
    this.#skipTo(guest)
    this.#settled = guest + length
    this.#undrained += length
    if (packedLength === undefined || !builder.packing) return builder.place(guest, length)
    return builder.packing.place(guest, packedLength)
  }

  /** What was not placed is zero. In a new image without backing file it is that by itself. */
  #skipTo(guest: number): void {
    const { builder, options } = this.#parts
    if (options.overBacking === true && guest > this.#settled) builder.placeZero(this.#settled, guest - this.#settled)
  }
}
