// Making the disk of an open image larger or smaller.

import type { ImageLayer } from '../../image/driver.ts'
import type { Resizer } from '../../image/facets.ts'
import type { Pace } from '../../jobs/pace.ts'
import type { Preallocation } from '../../model/job.ts'
import { SpindleError } from '../../model/error.ts'
import { formatSize } from '../../model/units.ts'
import { cutFile, dropFrom } from './cut.ts'
import { clustersFor, geometryOf, l1Bytes } from './geometry.ts'
import type { ImageFile } from './image-file.ts'
import { AUTOCLEAR, MAX_L1_BYTES } from './layout.ts'
import { preallocate } from './preallocate.ts'
import { releaseRuns } from './release.ts'
import type { SnapshotWriting } from './snapshot-table.ts'
import { switchL1 } from './switch.ts'
import type { TreeWork } from './tree.ts'

const SECTOR = 512

export class Qcow2Resizer implements Resizer {
  readonly #layer: ImageLayer
  readonly #file: ImageFile
  readonly #writing: SnapshotWriting

  constructor(layer: ImageLayer, file: ImageFile, writing: SnapshotWriting) {
    this.#layer = layer
    this.#file = file
    this.#writing = writing
  }

  async resize(virtualSize: number, preallocation: Preallocation, pace?: Pace): Promise<void> {
    const { geometry } = this.#file
    await this.#check(virtualSize, preallocation)
    await this.#writing.writer.flush()
    const changes = await this.#writing.work.changes()
    const work: TreeWork = { file: this.#file, changes, pace }
    await changes.whole(async () => {
      if (virtualSize < geometry.virtualSize) await shrink(work, virtualSize)
      else await grow(work, virtualSize, this.#roomFor(preallocation))
    })
  }

  async #check(virtualSize: number, preallocation: Preallocation): Promise<void> {
    const { geometry, header, storage } = this.#file
    const { tableCount } = geometryOf({ ...header, size: virtualSize })
    if (virtualSize % SECTOR !== 0 || virtualSize < 0)
      throw new SpindleError(
        'invalid-argument',
        `A disk consists of whole sectors, and ${virtualSize} bytes is no multiple of ${SECTOR}. Nothing was changed.`,
      )
    if (l1Bytes(tableCount) > MAX_L1_BYTES)
      throw new SpindleError(
        'invalid-argument',
        `With its clusters of ${formatSize(geometry.clusterSize)}, ${storage.name} can be ${formatSize((MAX_L1_BYTES / l1Bytes(1)) * geometry.tableSpan)} large at most. Nothing was changed. Convert it to an image with larger clusters.`,
        { path: storage.name },
      )
    if (preallocation !== 'off' && virtualSize < geometry.virtualSize)
      throw new SpindleError(
        'invalid-argument',
        `Only what is new of a disk can be allocated in advance, and ${storage.name} is to become smaller. Nothing was changed.`,
      )
    // Version 2 readers take every snapshot to be as large as the disk is now.
    if (geometry.version < 3 && header.nb_snapshots > 0)
      throw this.#unsupported(
        'has snapshots, which in version 2 of the format must be as large as the disk. Nothing was changed. Delete them first, or convert it to version 3',
      )
    const hasBitmaps = (header.autoclear_features & AUTOCLEAR.bitmaps) !== 0n
    if (hasBitmaps && ((await this.#layer.describe()).bitmaps ?? []).length > 0)
      throw this.#unsupported(
        'has dirty bitmaps, which would no longer fit the disk. Nothing was changed. Remove them before you resize it',
      )
  }

  /** A data file that is a raw image has a place for every byte of the disk. */
  #roomFor(preallocation: Preallocation): Preallocation {
    const isRaw = (this.#file.header.autoclear_features & AUTOCLEAR.rawExternalData) !== 0n
    return isRaw && preallocation === 'off' ? 'metadata' : preallocation
  }

  #unsupported(what: string): SpindleError {
    const { name } = this.#file.storage
    return new SpindleError('unsupported', `${name} ${what}.`, { path: name })
  }
}

/** The disk ends before anything of it goes: from the first write on it is the smaller one. */
async function shrink(work: TreeWork, virtualSize: number): Promise<void> {
  const { file } = work
  const { geometry, storage } = file
  await file.writeHeader({ size: virtualSize })
  await storage.flush()
  await dropFrom(work, Math.ceil(virtualSize / geometry.clusterSize))
  await lowerL1(work, virtualSize)
  await cutFile(work)
}

/** An L1 table that was moved to the end of the file once would keep all of its length. */
async function lowerL1(work: TreeWork, virtualSize: number): Promise<void> {
  const { file, changes } = work
  const { geometry, header } = file
  const { tableCount } = geometryOf({ ...header, size: virtualSize })
  const entries = (await file.l1()).bytes.slice(0, l1Bytes(tableCount))
  const place = await changes.allocator.findTogether(clustersFor(entries.length, geometry))
  if (place === undefined || place * geometry.clusterSize >= header.l1_table_offset) return
  await releaseRuns(work, await switchL1(work, entries, virtualSize))
}

/** What is new becomes part of the disk last. */
async function grow(work: TreeWork, virtualSize: number, preallocation: Preallocation): Promise<void> {
  const { file } = work
  const { geometry, header, storage } = file
  const first = Math.ceil(geometry.virtualSize / geometry.clusterSize)
  // Machine state of a snapshot that was applied, or remains of a larger disk: none of it may show now.
  await dropFrom(work, first)
  const { tableCount } = geometryOf({ ...header, size: virtualSize })
  if (tableCount > header.l1_size) {
    const entries = new Uint8Array(l1Bytes(tableCount))
    entries.set((await file.l1()).bytes)
    await releaseRuns(work, await switchL1(work, entries, geometry.virtualSize))
  }
  if (preallocation !== 'off')
    await preallocate(work, { first, end: Math.ceil(virtualSize / geometry.clusterSize) }, preallocation)
  await file.writeHeader({ size: virtualSize })
  await storage.flush()
}
