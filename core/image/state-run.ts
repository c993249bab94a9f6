// What bytes of a layer are, without saying where they are: far fewer answers than extents on a fragmented image.

import { SpindleError } from '../model/error.ts'
import type { ImageLayer } from './driver.ts'
import type { Extent } from './extent.ts'

export interface StateRun {
  /** `damaged` where the tables lead to no place for data. */
  readonly kind: Extent['kind'] | 'damaged'
  /** Guest bytes. */
  readonly length: number
  /** A snapshot inside the image holds on to the same bytes. */
  readonly shared: boolean
}

/** Neighbours in the same state become one. */
export class StateRuns {
  readonly #runs: StateRun[] = []
  #kind: StateRun['kind'] = 'hole'
  #shared = false
  #length = 0

  add(kind: StateRun['kind'], length: number, shared: boolean): void {
    if (this.#length > 0 && (kind !== this.#kind || shared !== this.#shared)) this.#push()
    this.#kind = kind
    this.#shared = shared
    this.#length += length
  }

  finish(): readonly StateRun[] {
    if (this.#length > 0) this.#push()
    return this.#runs
  }

  #push(): void {
    this.#runs.push({ kind: this.#kind, length: this.#length, shared: this.#shared })
    this.#length = 0
  }
}

/** As `ImageLayer.map`, of any layer; what is damaged is answered, not thrown. */
export async function layerStates(layer: ImageLayer, offset: number, length: number): Promise<readonly StateRun[]> {
  if (layer.unreadable) throw SpindleError.fromData(layer.unreadable)
  if (layer.states) return layer.states(offset, length)
  const runs = new StateRuns()
  try {
    for (const extent of await layer.map(offset, length)) runs.add(extent.kind, extent.length, false)
  } catch (error) {
    if (!(error instanceof SpindleError) || error.code !== 'invalid-image') throw error
    runs.add('damaged', Math.min(length, layer.blockSize - (offset % layer.blockSize)), false)
  }
  return runs.finish()
}
