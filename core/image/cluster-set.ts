// A sparse set of cluster numbers: a bit each, in pieces that exist only where something is in them.

const CLUSTERS_PER_PIECE = 32_768

export class ClusterSet {
  readonly #pieces = new Map<number, Uint32Array>()

  has(cluster: number): boolean {
    const piece = this.#pieces.get(Math.floor(cluster / CLUSTERS_PER_PIECE))
    const bit = cluster % CLUSTERS_PER_PIECE
    return piece !== undefined && ((piece[bit >> 5] ?? 0) & (1 << (bit & 31))) !== 0
  }

  add(first: number, count = 1): void {
    for (let cluster = first; cluster < first + count; cluster += 1) {
      const index = Math.floor(cluster / CLUSTERS_PER_PIECE)
      let piece = this.#pieces.get(index)
      if (!piece) this.#pieces.set(index, (piece = new Uint32Array(CLUSTERS_PER_PIECE / 32)))
      const bit = cluster % CLUSTERS_PER_PIECE
      piece[bit >> 5] = (piece[bit >> 5] ?? 0) | (1 << (bit & 31))
    }
  }

  delete(first: number, count = 1): void {
    for (let cluster = first; cluster < first + count; cluster += 1) {
      const piece = this.#pieces.get(Math.floor(cluster / CLUSTERS_PER_PIECE))
      const bit = cluster % CLUSTERS_PER_PIECE
      if (piece) piece[bit >> 5] = (piece[bit >> 5] ?? 0) & ~(1 << (bit & 31))
    }
  }
}
