// What some images can do beside holding data. A facet that is absent is a thing the image cannot do.

import type { Pace } from '../jobs/pace.ts'
import type { CheckReport, RepairMode, RepairReport } from '../model/check.ts'
import type { BackingRef, BitmapFacts, SnapshotFacts } from '../model/image.ts'
import type { Preallocation } from '../model/job.ts'
import type { OptionValues } from '../model/option.ts'
import type { ImageLayer } from './driver.ts'

/** What a new snapshot is to be. */
export interface SnapshotSpec {
  readonly name: string
  /** Milliseconds since 1970. */
  readonly createdAt: number
  /** A snapshot of another image that this one is to be taken for: same id where it is free, same dates and clocks. */
  readonly copyOf?: SnapshotFacts
  /** Saved machine state to keep with it; a disk of its own. */
  readonly state?: { readonly size: number; read(offset: number, into: Uint8Array): Promise<void> }
}

/**
 * Internal snapshots. All methods name one by its id, which is unique; names may not be in images made elsewhere.
 * Nothing may be read or written meanwhile. `pace` is told bytes that add up to about the virtual size. Every method
 * throws `invalid-image` where the tables cannot be trusted.
 */
export interface SnapshotTable {
  /** In the order of the table. */
  list(): Promise<readonly SnapshotFacts[]>
  /**
   * Freezes the disk as it is now. Before anything is written, throws `exists` when the name is taken and is no copy,
   * and `unsupported` when the image has no room for it.
   */
  create(spec: SnapshotSpec, pace?: Pace): Promise<SnapshotFacts>
  /** Makes the disk what it was, its size included. What was written since is gone; the layer is only to be closed. */
  apply(id: string, pace?: Pace): Promise<void>
  remove(id: string, pace?: Pace): Promise<void>
  rename(id: string, name: string): Promise<void>
  /**
   * The disk as it was, or the machine state saved with it: read only, in the place of this layer, which is of no other
   * use from then on: closing the one closes the other.
   */
  open(id: string, part?: 'disk' | 'state'): Promise<ImageLayer>
}

/** Bytes of the image file, whole units of allocation, that one state of the disk has to itself. */
export interface StateCost {
  /** What nothing else refers to: data, saved machine state, and the tables that lead to it. */
  readonly own: number
  /** What becomes free when the state is given up: `own`, and what the list of snapshots becomes shorter by. */
  readonly frees: number
  /** Id of the earlier snapshot that the state was made from, as far as the tables show. */
  readonly madeFrom?: string
}

/**
 * What the present disk and each snapshot take of the file, from its tables alone. `pace` is told bytes that add up to
 * about the virtual size. Throws `invalid-image` where the tables cannot be trusted.
 */
export interface CostTable {
  costs(pace?: Pace): Promise<StateCosts>
}

export interface StateCosts {
  readonly current: StateCost
  /** In the order of the snapshot table. */
  readonly snapshots: readonly (StateCost & { readonly id: string })[]
  /** Bytes that more than one state refers to. */
  readonly shared: number
}

export interface Resizer {
  /**
   * Changes the virtual size, in bytes, after which the layer is only to be closed. Cutting drops what lies beyond: that
   * it may has been settled before. A disk that grows reads as zeros in what is new, but for what its last block still
   * holds and what shines through from below: these are the caller's to clear. `pace` is told bytes that add up to
   * about the difference. Throws `invalid-argument` or `unsupported` for what cannot be, before anything is written.
   */
  resize(virtualSize: number, preallocation: Preallocation, pace?: Pace): Promise<void>
}

/** Which image lies below. After each of these the layer is only to be closed. */
export interface BackingLink {
  /** The image knows what lies below by what that calls itself, and no other name can be given to it. */
  readonly byIdentity?: boolean
  /**
   * Changes the name alone: that the guest sees the same through it has been settled before. Undefined for none. Throws
   * `unsupported` before anything is written when the name does not fit or the image can have no backing file.
   */
  setBacking(backing: BackingRef | undefined): Promise<void>
  /** Drops all data of this layer, so that everything is read from below; snapshots keep what is theirs. */
  empty(pace?: Pace): Promise<void>
}

/** Changes what was chosen when the image was made: those options that the format's table calls amendable. */
export interface Amender {
  /**
   * What has to be done so that the image has these options, one after the other; nothing for those it has. Throws
   * `unsupported` for what contradicts itself or the image.
   */
  steps(options: OptionValues): readonly OptionValues[]
  /**
   * Only in a layer that is open for writing, which is only to be closed afterwards: the next step wants one that was
   * opened anew. Throws `unsupported` before anything is written.
   */
  amend(step: OptionValues, pace?: Pace): Promise<void>
}

/**
 * Dirty bitmaps, by name. Each change is durable when it returns; nothing may be read or written meanwhile, and the
 * layer's description still tells of those there were. Methods throw `not-found` for a name there is none of, and
 * `invalid-image` where the tables cannot be trusted: a bitmap that was being changed can only be removed.
 */
export interface BitmapTable {
  list(): Promise<readonly BitmapFacts[]>
  /**
   * An empty one that is enabled. `granularity` is in bytes one bit stands for; left out, it is what suits the image.
   * Before anything is written, throws `exists`, `invalid-argument`, or `unsupported` when there is no room for it.
   */
  add(name: string, granularity?: number): Promise<void>
  remove(name: string): Promise<void>
  clear(name: string): Promise<void>
  enable(name: string): Promise<void>
  disable(name: string): Promise<void>
  /** Guest ranges that are marked, ascending, in bytes. */
  read(name: string): AsyncIterable<GuestRange>
  /** Marks these ranges as well; they ascend. */
  mark(name: string, ranges: AsyncIterable<GuestRange>): Promise<void>
}

/** Bytes. */
export interface GuestRange {
  readonly offset: number
  readonly length: number
}

/** Looks after the tables of an image. It needs no second file, and no image that is sound enough to be opened. */
export interface Checker {
  /** Bytes of the disk: what `pace` is told adds up to this, once for every time all tables are looked at. */
  readonly virtualSize: number
  /** Looks at everything that can be wrong, and changes nothing. */
  check(pace?: Pace): Promise<CheckReport>
  /**
   * Puts right what can be put right without losing any of the guest's data, and says what is left; never throws for
   * damage. Looks at all tables twice: before, and to see what came of it.
   */
  repair(mode: RepairMode, pace?: Pace): Promise<RepairReport>
}

/** What an image's own file is made of. */
export interface FileMap {
  /** Bytes; the last cluster may be cut short by the end of the file. */
  readonly clusterSize: number
  /**
   * A byte for every cluster of the file: the bits of MAP_STATES for what it holds, 0 where it is free. Throws
   * `unsupported` for files of too many clusters.
   */
  clusters(pace?: Pace): Promise<Uint8Array>
}
