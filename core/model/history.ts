// The history of a disk: image files over image files and the snapshots inside them, as one graph.

import type { ErrorData } from './error.ts'
import type { FormatId, SnapshotFacts } from './image.ts'

/** `layer`: what an image file holds now. `snapshot`: an earlier state kept inside one. `current`: the layer asked about. */
export type HistoryKind = 'layer' | 'snapshot' | 'current'

/** `internal` and `external`: inside a file, or a file of its own. `in-use`: another program has the file open. */
export type HistoryTag = 'internal' | 'external' | 'current' | 'in-use' | 'missing'

export interface HistoryNode {
  /** Of use only within one answer. */
  readonly id: string
  readonly kind: HistoryKind
  /** Of the file: absolute; for one that is known by nothing but its identity, that. */
  readonly path: string
  /** The file's, or the snapshot's. */
  readonly name: string
  readonly format?: FormatId
  readonly snapshot?: SnapshotFacts
  /** Milliseconds since 1970; absent for what is missing. */
  readonly date?: number
  /** Bytes. */
  readonly virtualSize?: number
  /** Bytes of files that it has to itself: of a state inside a file with snapshots, what no other state refers to. */
  readonly own?: number
  /**
   * Bytes that come back when it is deleted now. For a file in the middle of a chain after it has been merged into the
   * one below, which grows meanwhile. Absent where it cannot be deleted alone, or only a look at the data could tell.
   */
  readonly frees?: number
  /** Ids of the nodes it was made from. None for a root. */
  readonly parents: readonly string[]
  readonly tags: readonly HistoryTag[]
  /** Why it cannot be opened, or its costs cannot be told. */
  readonly problem?: ErrorData
}

export interface History {
  /** Newest first, and every node before those it was made from. */
  readonly nodes: readonly HistoryNode[]
}

/** What an image file and the states inside it take. Bytes. */
export interface LayerCost {
  /** Of the file; of the present disk alone where there are snapshots as well. */
  readonly own: number
  readonly frees?: number
  /** Id of the snapshot that the present disk was made from. */
  readonly madeFrom?: string
  readonly snapshots: readonly SnapshotCost[]
  /** Bytes that several states inside the file share. */
  readonly shared: number
  /** Why the states inside cannot be told apart. */
  readonly problem?: ErrorData
}

export interface SnapshotCost {
  readonly id: string
  readonly own: number
  readonly frees: number
  readonly madeFrom?: string
}
