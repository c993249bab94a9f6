// Making one disk hold what another holds, by writing no more than what differs.

import type { VirtualDisk } from '../image/virtual-disk.ts'
import type { Pace } from '../jobs/pace.ts'
import { MiB } from '../model/units.ts'
import { differencesOf } from '../transfer/compare.ts'
import type { TransferPool } from '../transfer/pool.ts'
import { isZero } from '../transfer/zeros.ts'

const CHUNK = MiB

/** `before` is what `target` reads as now, as far as it is as long as `source`. Durable when this returns. */
export async function copyDifferences(
  source: VirtualDisk,
  before: VirtualDisk,
  target: VirtualDisk,
  options: { readonly signal: AbortSignal; readonly pace: Pace; readonly pool?: TransferPool },
): Promise<void> {
  const buffer = new Uint8Array(CHUNK)
  for await (const { offset, length } of differencesOf(source, before, options)) {
    const end = Math.min(offset + length, source.size)
    for (let position = offset; position < end; position += CHUNK) {
      const bytes = buffer.subarray(0, Math.min(CHUNK, end - position))
      await source.read(position, bytes)
      if (isZero(bytes)) await target.zero(position, bytes.length)
      else await target.write(position, bytes)
    }
  }
  await target.flush()
}
