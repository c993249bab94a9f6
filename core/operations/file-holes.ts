// Data that is a hole of its file: zeros, though the tables of the image, made in advance, call it data.

import type { DiskExtent, VirtualDisk } from '../image/virtual-disk.ts'

export interface FilePiece {
  readonly extent: DiskExtent
  /** Nothing was ever written there. */
  readonly isHole: boolean
}

export class FileHoles {
  /** By depth. */
  readonly #hollow: readonly boolean[]

  private constructor(hollow: readonly boolean[]) {
    this.#hollow = hollow
  }

  static async of({ layers }: VirtualDisk): Promise<FileHoles> {
    return new FileHoles(await Promise.all(layers.map(async (layer) => (await layer.isHollow?.()) ?? false)))
  }

  /** The extents themselves, or their parts, in order. */
  async pieces(extents: readonly DiskExtent[]): Promise<readonly FilePiece[]> {
    if (!this.#hollow.includes(true)) return extents.map((extent) => ({ extent, isHole: false }))
    const pieces: FilePiece[] = []
    for (const extent of extents) pieces.push(...(await this.#piecesOf(extent)))
    return pieces
  }

  async #piecesOf(extent: DiskExtent): Promise<readonly FilePiece[]> {
    if (extent.kind !== 'data' || this.#hollow[extent.depth] !== true) return [{ extent, isHole: false }]
    const { storage } = extent
    const size = await storage.size()
    const pieces: FilePiece[] = []
    for (let done = 0; done < extent.length;) {
      const offset = extent.offset + done
      const segment = offset < size ? await storage.segment(offset) : { hole: true, length: Infinity }
      const length = Math.min(extent.length - done, segment.length)
      pieces.push({ extent: { ...extent, offset, length }, isHole: segment.hole })
      done += length
    }
    return pieces
  }
}
