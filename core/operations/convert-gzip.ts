// A raw disk packed whole into a .gz file: what cloud and single-board images are handed around as.

import { once } from 'node:events'
import { createGzip } from 'node:zlib'
import { UnpackedStorage } from '../containers/unpacked-storage.ts'
import type { VirtualDisk } from '../image/virtual-disk.ts'
import { MiB } from '../model/units.ts'
import type { Pace } from '../jobs/pace.ts'
import type { Target } from './target.ts'

/** Writes bytes of the disk up to `size`, zeros behind its end. `pace` is told every byte of the disk. */
export async function writeGzip(disk: VirtualDisk, size: number, target: Target, pace: Pace): Promise<void> {
  const packer = createGzip({ chunkSize: MiB })
  let written = 0
  const writing = (async () => {
    for await (const piece of packer as AsyncIterable<Uint8Array>) {
      await target.storage.write(written, piece)
      written += piece.length
    }
  })()
  // Told when the packer is asked for its end; here it would be a rejection nobody waits for.
  writing.catch((error: unknown) => packer.destroy(error instanceof Error ? error : undefined))
  try {
    for (let offset = 0; offset < size; offset += MiB) {
      const length = Math.min(MiB, size - offset)
      const piece = new Uint8Array(length)
      const there = Math.max(0, Math.min(length, disk.size - offset))
      await disk.read(offset, piece.subarray(0, there))
      if (!packer.write(piece)) await Promise.race([once(packer, 'drain'), writing])
      await pace(length)
    }
    packer.end()
    await writing
  } finally {
    packer.destroy()
  }
}

/** The disk in what was written, for reading it back. */
export async function reopenGzip(target: Target): Promise<UnpackedStorage> {
  return new UnpackedStorage(await target.reopen('read'), 'gzip')
}
