// What an image is stored in: bytes by offset. A file, a block device, memory, or another storage seen through a cipher.

/** Bytes from `offset` (as asked) up to the next change between data and hole. */
export interface Segment {
  readonly hole: boolean
  readonly length: number
}

/**
 * All offsets and lengths are bytes, at most 2^53-1. Every method throws SpindleError, whose path is `name`.
 * Calls may run side by side; writes to overlapping ranges must not.
 */
export interface Storage extends AsyncDisposable {
  /** Absolute path where there is one; used in messages and to resolve relative references. */
  readonly name: string
  readonly writable: boolean
  /** Equal for two storages exactly when they are the same object on disk. */
  readonly identity: string
  /** Open file descriptor when plain reads and writes on it mean the same as here, so that bulk copies may go through the kernel. */
  readonly descriptor?: number | undefined
  /** Seen through a cipher: what was never written reads as noise, and its offsets mean nothing to who sees the file itself. */
  readonly enciphered?: boolean
  /** Set where it may be lost with the power: flush() then leaves it to the system when bytes reach the disk. */
  relaxed?: boolean
  size(): Promise<number>
  /** Fills `into` and returns its length, or fewer bytes only where the storage ends. */
  read(offset: number, into: Uint8Array): Promise<number>
  /** The same at once, for taking many small looks. Absent where reading may have to wait for something else. */
  readNow?(offset: number, into: Uint8Array): number
  /** Writes all of `from`, growing the storage when it reaches past the end. */
  write(offset: number, from: Uint8Array): Promise<void>
  /** Makes the range read as zeros, freeing its room where that is possible; grows the storage when it reaches past the end. */
  discard(offset: number, length: number): Promise<void>
  /** Makes the range read as zeros and keeps room reserved for it; grows the storage when it reaches past the end. */
  zero(offset: number, length: number): Promise<void>
  /** Reserves room without changing content; grows the storage when it reaches past the end. */
  allocate(offset: number, length: number): Promise<void>
  /** Sets the size: cuts, or grows with a hole. */
  truncate(size: number): Promise<void>
  /** Returns when everything written before is durable. */
  flush(): Promise<void>
  /** What lies at `offset` < size. A storage that cannot tell says data to the end. */
  segment(offset: number): Promise<Segment>
  /** Bytes the medium gives to this storage. */
  allocatedSize(): Promise<number>
  close(): Promise<void>
}

/** Fills `into`; what lies past the end of the storage reads as zeros. For tables cut short at the end of a file. */
export async function readPadded(storage: Storage, offset: number, into: Uint8Array): Promise<void> {
  const count = await storage.read(offset, into)
  if (count < into.length) into.fill(0, count)
}
