// An open qcow2 image.

import type { KeySlots } from '../../crypto/key-slots.ts'
import type { ImageLayer, LayerWriter } from '../../image/driver.ts'
import type {
  Amender,
  BackingLink,
  BitmapTable,
  CostTable,
  FileMap,
  Resizer,
  SnapshotTable,
} from '../../image/facets.ts'
import type { Extent } from '../../image/extent.ts'
import type { StateRun } from '../../image/state-run.ts'
import { SpindleError } from '../../model/error.ts'
import type { ErrorData } from '../../model/error.ts'
import type { BackingRef, Details } from '../../model/image.ts'
import type { Storage } from '../../storage/storage.ts'
import { Qcow2Amender } from './amend/amender.ts'
import { Qcow2BackingLink } from './backing-link.ts'
import { Qcow2Bitmaps } from './bitmap-table.ts'
import { Qcow2Costs } from './costs.ts'
import { detailsOf } from './describe.ts'
import { Qcow2FileMap } from './file-map.ts'
import { isHollow } from './hollow.ts'
import type { ImageFile } from './image-file.ts'
import { Mapping } from './mapping.ts'
import type { Opened } from './open.ts'
import { Qcow2Resizer } from './resizer.ts'
import { Qcow2Snapshots } from './snapshot-table.ts'
import type { SnapshotWriting } from './snapshot-table.ts'
import { Sharing } from './sharing.ts'
import { readSnapshots } from './snapshots.ts'
import { States } from './states.ts'

export class Qcow2Layer implements ImageLayer {
  readonly format = 'qcow2'
  readonly storage: Storage
  readonly virtualSize: number
  readonly blockSize: number
  readonly backing?: BackingRef
  readonly unreadable?: ErrorData
  readonly unwritable?: ErrorData
  readonly writer?: LayerWriter
  readonly snapshots?: SnapshotTable
  readonly bitmaps?: BitmapTable
  readonly costs?: CostTable
  readonly resizer?: Resizer
  readonly backingLink?: BackingLink
  readonly amender: Amender
  readonly fileMap: FileMap
  readonly keySlots?: KeySlots
  readonly #file: ImageFile
  readonly #opened: Opened
  readonly #mapping: Mapping
  #states: States | undefined

  constructor(
    file: ImageFile,
    opened: Opened,
    writing: {
      readonly parts?: SnapshotWriting
      /** Of an image that cannot be read: for changing what it says of itself. */
      readonly amending?: SnapshotWriting
      readonly unwritable?: ErrorData
    },
  ) {
    this.storage = file.storage
    this.virtualSize = file.geometry.virtualSize
    this.blockSize = file.geometry.subclusterSize
    if (opened.backing) this.backing = opened.backing
    if (opened.unreadable) this.unreadable = opened.unreadable
    if (writing.unwritable) this.unwritable = writing.unwritable
    this.#file = file
    this.#opened = opened
    this.#mapping = new Mapping(file)
    this.fileMap = new Qcow2FileMap(file, opened)
    if (opened.encryption?.keySlots) this.keySlots = opened.encryption.keySlots
    if (writing.parts) {
      this.writer = writing.parts.writer
      this.resizer = new Qcow2Resizer(this, file, writing.parts)
      this.backingLink = new Qcow2BackingLink(file, writing.parts)
    }
    const { dataFile } = opened.extensions
    const image = {
      hasBacking: opened.backing !== undefined,
      ...(dataFile !== undefined && { dataFile }),
      ...(opened.unreadable && { unreadable: opened.unreadable }),
    }
    this.amender = new Qcow2Amender(file, image, writing.parts ?? writing.amending)
    if (!opened.unreadable && file.geometry.version >= 3) this.bitmaps = new Qcow2Bitmaps(this, file, writing.parts)
    if (!opened.unreadable && !writing.parts) this.costs = new Qcow2Costs(file)
    if (!opened.unreadable) this.snapshots = new Qcow2Snapshots(this, file, writing.parts)
  }

  async describe(): Promise<Details> {
    const { header } = this.#file
    return detailsOf({ ...this.#opened, header }, await readSnapshots(this.storage, header))
  }

  async map(offset: number, length: number): Promise<readonly Extent[]> {
    if (this.unreadable) throw SpindleError.fromData(this.unreadable)
    return this.#mapping.map(offset, length)
  }

  async states(offset: number, length: number): Promise<readonly StateRun[]> {
    return (this.#states ??= new States(this.#file, new Sharing(this.#file))).runs(offset, length)
  }

  async isHollow(): Promise<boolean> {
    return isHollow(this.#file)
  }

  async close(): Promise<void> {
    try {
      await this.#opened.dataFile?.close()
    } finally {
      await this.storage.close()
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close()
  }
}
