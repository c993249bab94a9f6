// A disk, or a part of one, as those see it who look for tables and superblocks.

export interface DiskReader {
  /** Bytes. */
  readonly size: number
  /** `length` bytes from `offset` on; what lies past the end reads as zeros. */
  read(offset: number, length: number): Promise<Uint8Array>
}

/** What can be read of a whole disk: `read` fills the buffer with bytes that lie inside of it. */
export interface ReadableDisk {
  /** Bytes. */
  readonly size: number
  read(offset: number, into: Uint8Array): Promise<void>
}

/** The part of a disk from `start` on, at most `length` bytes, as if it were alone. */
export function partOf(disk: ReadableDisk, start: number, length: number): DiskReader {
  const size = Math.max(0, Math.min(length, disk.size - start))
  return {
    size,
    async read(offset, count) {
      const bytes = new Uint8Array(count)
      const inside = Math.max(0, Math.min(count, size - offset))
      if (inside > 0) await disk.read(start + offset, bytes.subarray(0, inside))
      return bytes
    },
  }
}
