// The disk as a snapshot has it, or the machine state saved with it, in the place of the image's own layer.

import type { ImageLayer } from '../../image/driver.ts'
import type { Extent } from '../../image/extent.ts'
import type { StateRun } from '../../image/state-run.ts'
import type { BackingRef, Details } from '../../model/image.ts'
import type { Storage } from '../../storage/storage.ts'
import { geometryOf, l1Bytes } from './geometry.ts'
import type { ImageFile } from './image-file.ts'
import { Mapping } from './mapping.ts'
import type { Snapshot } from './snapshot-entry.ts'
import { States } from './states.ts'
import { Table } from '../../image/table-cache.ts'
import { readRoot } from './tree.ts'

export class SnapshotLayer implements ImageLayer {
  readonly format = 'qcow2'
  readonly storage: Storage
  readonly virtualSize: number
  readonly blockSize: number
  readonly backing?: BackingRef
  readonly #image: ImageLayer
  readonly #mapping: Mapping
  readonly #states: States
  /** Guest bytes before the part this is. */
  readonly #start: number

  private constructor(image: ImageLayer, file: ImageFile, start: number, backing: BackingRef | undefined) {
    this.storage = file.storage
    this.virtualSize = file.geometry.virtualSize - start
    this.blockSize = file.geometry.subclusterSize
    if (backing) this.backing = backing
    this.#image = image
    this.#mapping = new Mapping(file)
    this.#states = new States(file)
    this.#start = start
  }

  /** Takes `image` over, whose file is `file`. Throws `invalid-image` when the snapshot's L1 table is nowhere. */
  static async open(
    image: ImageLayer,
    file: ImageFile,
    snapshot: Snapshot,
    part: 'disk' | 'state',
  ): Promise<SnapshotLayer> {
    const { facts, l1 } = snapshot
    const { header, geometry } = file
    const diskSize = facts.virtualSize ?? geometry.virtualSize
    // Machine state lies behind the disk, where the next L1 entry begins.
    const start = part === 'disk' ? 0 : geometryOf({ ...header, size: diskSize }).tableCount * geometry.tableSpan
    const end = part === 'disk' ? diskSize : start + facts.vmStateSize
    const whole = geometryOf({ ...header, size: end })
    const root = await readRoot(file, l1)
    const bytes = new Uint8Array(l1Bytes(Math.max(whole.tableCount, l1.entries)))
    bytes.set(new Uint8Array(root.view.buffer))
    const frozen = file.withDisk(whole)
    frozen.replaceL1(new Table(l1.offset, bytes))
    return new SnapshotLayer(image, frozen, start, part === 'disk' ? image.backing : undefined)
  }

  async describe(): Promise<Details> {
    const { clusterSize, dataFile } = await this.#image.describe()
    return { ...(clusterSize !== undefined && { clusterSize }), ...(dataFile !== undefined && { dataFile }) }
  }

  async map(offset: number, length: number): Promise<readonly Extent[]> {
    return this.#mapping.map(this.#start + offset, length)
  }

  async states(offset: number, length: number): Promise<readonly StateRun[]> {
    return this.#states.runs(this.#start + offset, length)
  }

  async close(): Promise<void> {
    await this.#image.close()
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close()
  }
}
