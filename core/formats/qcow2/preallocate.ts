// Room for guest data given out before there is any: where nothing was ever written, so that it reads as zeros.

import type { Pace } from '../../jobs/pace.ts'
import type { Preallocation } from '../../model/job.ts'
import { MiB } from '../../model/units.ts'
import type { Storage } from '../../storage/storage.ts'
import type { Run } from './allocator.ts'
import { encodeL2 } from './entries.ts'
import type { TreeWork } from './tree.ts'

/** Gives every guest cluster from `first` up to `end` a place of its own; so far there is nothing in any of them. Durable. */
export async function preallocate(
  { file, changes, pace }: TreeWork,
  { first, end }: { readonly first: number; readonly end: number },
  mode: Exclude<Preallocation, 'off'>,
): Promise<void> {
  const { geometry, dataStorage, l2Tables } = file
  const { allSubclusters, clusterSize, entriesPerTable } = geometry
  // Room that was never written decrypts to noise: it is said to hold zeros, or they are written.
  const isNoise = dataStorage.enciphered === true && mode !== 'full'
  const saysZero = isNoise && geometry.version >= 3
  for (let cluster = first; cluster < end;) {
    await changes.ready()
    const index = Math.floor(cluster / entriesPerTable)
    const table = await changes.ownTable(index)
    const most = Math.min(end, (index + 1) * entriesPerTable) - cluster
    // In an external data file every guest byte has its place from the beginning.
    const run: Run = geometry.externalData
      ? { first: cluster, count: most }
      : await changes.allocator.allocateFresh(most)
    const offset = run.first * clusterSize
    await takeRoom(dataStorage, {
      offset,
      length: run.count * clusterSize,
      mode: isNoise && !saysZero ? 'full' : mode,
      pace,
    })
    for (let number = 0; number < run.count; number += 1) {
      const place = (cluster + number) % entriesPerTable
      encodeL2(geometry, table.view, place, {
        kind: 'standard',
        offset: offset + number * clusterSize,
        copied: true,
        allocated: saysZero ? 0 : allSubclusters,
        zero: saysZero ? allSubclusters : 0,
      })
      l2Tables.change(table, place * geometry.entrySize, geometry.entrySize)
    }
    cluster += run.count
  }
  await changes.commit()
}

interface RoomSpec {
  readonly offset: number
  readonly length: number
  readonly mode: Exclude<Preallocation, 'off'>
  readonly pace: Pace | undefined
}

async function takeRoom(storage: Storage, { offset, length, mode, pace }: RoomSpec): Promise<void> {
  switch (mode) {
    case 'full':
      await writeZeros(storage, offset, length, pace)
      return
    case 'metadata':
      // An entry that leads past the end of the file would be damage.
      if ((await storage.size()) < offset + length) await storage.truncate(offset + length)
      break
    case 'falloc':
      await storage.allocate(offset, length)
  }
  await pace?.(length)
}

/** Real writes: some file systems reserve nothing until they see them. */
async function writeZeros(storage: Storage, offset: number, length: number, pace: Pace | undefined): Promise<void> {
  const zeros = new Uint8Array(Math.min(MiB, length))
  for (let done = 0; done < length; done += zeros.length) {
    const step = zeros.subarray(0, length - done)
    await storage.write(offset + done, step)
    await pace?.(step.length)
  }
}
