// What every part of a disk, or of its file, holds: the plain data that maps are drawn from.

/** From nothing to the worst: where a cell of a map holds several, the last of them shows. */
export const MAP_STATES = [
  'hole',
  'zero',
  'backing',
  'data',
  'compressed',
  'shared',
  'metadata',
  'leak',
  'corrupt',
] as const
export type MapState = (typeof MAP_STATES)[number]

/** By the guest's offsets, or by those of the image's own file. */
export type MapSpace = 'guest' | 'file'

/** Which part of a map is asked for: cells of so many bytes from `offset` on. */
export interface MapRequest {
  readonly space: MapSpace
  readonly offset: number
  readonly cellSize: number
  /** Of which the answer may have fewer: ask again from there. */
  readonly cellCount: number
}

export interface MapCells {
  /** Bytes of the whole space. */
  readonly size: number
  /** In which states can change, in bytes; 1 where anywhere. */
  readonly blockSize: number
  /** Whether the image can tell what lies where in its own file. */
  readonly hasFileMap: boolean
  /** For each cell the bits of all states it holds; nothing but holes is 0. At least one cell before the end. */
  readonly cells: Uint8Array
  /** Bytes of these cells in each state, in the order of MAP_STATES, each counted once, by its worst state. */
  readonly bytes: readonly number[]
}

/** Guest bytes in one state and, where they lie in a file, side by side there. Offsets and lengths in bytes. */
export interface MapExtent {
  readonly offset: number
  readonly length: number
  /** Bits as in `MapCells`. */
  readonly states: number
  /** 0 is the image itself, 1 its backing file, and so on. */
  readonly depth: number
  /** In the file at `path`. */
  readonly hostOffset?: number
  readonly path?: string
}

export interface MapExtents {
  readonly size: number
  /** In ascending order, without gaps. */
  readonly extents: readonly MapExtent[]
}

/** The bit of a state in a cell; a hole has none. */
export function stateBit(state: MapState): number {
  return (1 << MAP_STATES.indexOf(state)) >> 1
}

/** The worst state in a cell. */
export function worstState(cell: number): MapState {
  return MAP_STATES[32 - Math.clz32(cell)] ?? 'hole'
}
