// What each sector may hold after a crash: the value of its last flush, or any that was written later.

import type { VirtualDisk } from '../../core/image/virtual-disk.ts'

export const SECTOR = 512
/** Values of sectors: who wrote them, or that they are zeros. */
const ZERO = -1
/** What was there before the first step: the disk below, or what the image was made with. */
const FIRST = 0
const UNKNOWN = -2
const NOTHING = new Uint8Array(SECTOR)

interface Change {
  readonly step: number
  readonly values: readonly number[]
  /** Entries in the log of the storage before it. */
  readonly begun: number
}

/** Positions are entries of the storage's log. */
export class SectorHistory {
  readonly #sectors: Change[][]
  readonly #flushes: { readonly step: number; readonly done: number }[] = []
  readonly #position: () => number
  #step = FIRST

  /** The disk holds stamp 0 in its first `filled` sectors and zeros behind them. */
  constructor(sectorCount: number, filled: number, position: () => number) {
    this.#position = position
    this.#sectors = Array.from({ length: sectorCount }, (_, sector) => [
      { step: FIRST, values: [sector < filled ? FIRST : ZERO], begun: 0 },
    ])
  }

  get size(): number {
    return this.#sectors.length * SECTOR
  }

  async write(disk: VirtualDisk, sector: number, count: number): Promise<void> {
    const bytes = stamps(this.#step + 1, sector, count)
    await this.#change(sector, count, [this.#step + 1], () => disk.write(sector * SECTOR, bytes))
  }

  async zero(disk: VirtualDisk, sector: number, count: number, unmap: boolean): Promise<void> {
    await this.#change(sector, count, [ZERO], () => disk.zero(sector * SECTOR, count * SECTOR, unmap))
  }

  /** Afterwards a sector may be as before, zeros, or what lies below. */
  async discard(disk: VirtualDisk, sector: number, count: number): Promise<void> {
    const work = (): Promise<void> => disk.discard(sector * SECTOR, count * SECTOR)
    await this.#change(sector, count, [ZERO, FIRST], work, { mayKeep: true })
  }

  async flush(disk: VirtualDisk): Promise<void> {
    this.#step += 1
    await disk.flush()
    this.#flushes.push({ step: this.#step, done: this.#position() })
  }

  /** The first sector of the disk that a crash after `issued` entries cannot explain, in words. */
  async fault(disk: VirtualDisk, issued: number): Promise<string | undefined> {
    const content = new Uint8Array(this.size)
    await disk.read(0, content)
    const flushed = this.#flushes.findLast((flush) => flush.done <= issued)?.step ?? FIRST
    for (const [sector, changes] of this.#sectors.entries()) {
      const found = valueOf(content.subarray(sector * SECTOR, (sector + 1) * SECTOR), sector)
      const kept = changes.findLastIndex((change) => change.step <= flushed)
      const allowed = changes
        .slice(Math.max(0, kept))
        .filter((change) => change.begun <= issued)
        .flatMap((change) => change.values)
      if (!allowed.includes(found)) {
        return `sector ${sector} holds ${inWords(found)}, but only ${[...new Set(allowed)].map(inWords).join(' or ')} could be there`
      }
    }
    return undefined
  }

  async #change(
    sector: number,
    count: number,
    values: readonly number[],
    work: () => Promise<void>,
    { mayKeep } = { mayKeep: false },
  ): Promise<void> {
    this.#step += 1
    const step = this.#step
    const begun = this.#position()
    let failed = true
    try {
      await work()
      failed = false
    } finally {
      for (const changes of this.#sectors.slice(sector, sector + count)) {
        const old = failed || mayKeep ? (changes.at(-1)?.values ?? []) : []
        changes.push({ step, values: [...new Set([...old, ...values])], begun })
      }
    }
  }
}

/** The content of sectors written by one step: each says who it is. */
export function stamps(step: number, sector: number, count: number): Uint8Array {
  const bytes = new Uint8Array(count * SECTOR)
  const view = new DataView(bytes.buffer)
  for (let index = 0; index < count; index += 1) {
    bytes.fill(fillOf(step, sector + index), index * SECTOR, (index + 1) * SECTOR)
    view.setInt32(index * SECTOR, step)
    view.setInt32(index * SECTOR + 4, sector + index)
  }
  return bytes
}

function fillOf(step: number, sector: number): number {
  return 1 + ((step * 31 + sector * 17) % 255)
}

function valueOf(bytes: Uint8Array, sector: number): number {
  if (Buffer.compare(bytes, NOTHING) === 0) return ZERO
  const step = new DataView(bytes.buffer, bytes.byteOffset).getInt32(0)
  return Buffer.compare(bytes, stamps(step, sector, 1)) === 0 ? step : UNKNOWN
}

function inWords(value: number): string {
  if (value === ZERO) return 'zeros'
  if (value === UNKNOWN) return 'bytes that were never written there'
  return value === FIRST ? 'what was there first' : `what step ${value} wrote`
}
