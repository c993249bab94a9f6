// What some images can do beside holding data. A facet that is absent is a thing the image cannot do.

import type { Pace } from '../jobs/pace.ts'
import type { CheckReport, RepairMode, RepairReport } from '../model/check.ts'
import type { BackingRef, BitmapFacts, SnapshotFacts } from '../model/image.ts'
import type { OptionValues } from '../model/option.ts'
import type { ImageLayer } from './driver.ts'

/** Where room for the new part of a grown disk comes from, in qemu-img's words. */
export type Preallocation = 'off' | 'metadata' | 'falloc' | 'full'

/** Internal snapshots. All methods name one by its id, which is unique; names may not be in images made elsewhere. */
export interface SnapshotTable {
  /** In the order of the table. */
  list(): readonly SnapshotFacts[]
  /** Freezes the disk as it is now. Throws `exists` when the name is taken, `unsupported` when counts have no room for it. */
  create(name: string, now: Date, pace?: Pace): Promise<SnapshotFacts>
  /** Makes the disk what it was, its size included. What was written since is gone. */
  apply(id: string, pace?: Pace): Promise<void>
  remove(id: string, pace?: Pace): Promise<void>
  rename(id: string, name: string): Promise<void>
  /** The disk as it was: read only, and no longer usable once this layer changes or closes. */
  open(id: string): ImageLayer
}

export interface Resizer {
  /**
   * Changes the virtual size, in bytes. Cutting drops what lies beyond: that it may has been settled before.
   * Throws `unsupported` for what the format cannot do.
   */
  resize(virtualSize: number, preallocation: Preallocation, pace?: Pace): Promise<void>
}

/** Which image lies below. */
export interface BackingLink {
  /** Changes the name alone: that the guest sees the same through it has been settled before. Undefined for none. */
  setBacking(backing: BackingRef | undefined): Promise<void>
  /** Drops all data of this layer, so that everything is read from below. */
  empty(pace?: Pace): Promise<void>
}

export interface Amender {
  /** The names of create options that can be changed afterwards. */
  readonly amendable: readonly string[]
  amend(options: OptionValues, pace?: Pace): Promise<void>
}

/** Dirty bitmaps, by name. */
export interface BitmapTable {
  list(): readonly BitmapFacts[]
  /** `granularity`: bytes one bit stands for, a power of two. */
  add(name: string, granularity: number): Promise<void>
  remove(name: string): Promise<void>
  clear(name: string): Promise<void>
  enable(name: string): Promise<void>
  disable(name: string): Promise<void>
  /** Guest ranges that are marked, ascending, in bytes. */
  read(name: string): AsyncIterable<{ readonly offset: number; readonly length: number }>
  /** Marks these ranges as well. */
  mark(name: string, ranges: AsyncIterable<{ readonly offset: number; readonly length: number }>): Promise<void>
}

/** Looks after the tables of an image. It needs no second file, and no image that is sound enough to be opened. */
export interface Checker {
  /** Bytes of the disk: what `pace` is told adds up to about this, once for every time all tables are looked at. */
  readonly virtualSize: number
  /** Looks at everything that can be wrong, and changes nothing. */
  check(pace?: Pace): Promise<CheckReport>
  /**
   * Puts right what can be put right without losing any of the guest's data, and says what is left; never throws for
   * damage. Looks at all tables twice: before, and to see what came of it.
   */
  repair(mode: RepairMode, pace?: Pace): Promise<RepairReport>
}
