// measure: how large a new image would be, for a disk of some size or for the data of an image there is.

import { completeOptions } from '../image/options.ts'
import type { CreateSpec } from '../image/driver.ts'
import { VirtualDisk } from '../image/virtual-disk.ts'
import { SpindleError } from '../model/error.ts'
import type { BackingRef, Details, FormatId } from '../model/image.ts'
import type { OptionValue, OptionValues } from '../model/option.ts'
import { turnsOf } from './cancel.ts'
import { creatingDriver, diskSize } from './new-image.ts'
import { openSource } from './parts.ts'
import type { Parts } from './parts.ts'
import { survey } from './survey.ts'

export interface MeasureSpec {
  /** Of the new image. */
  readonly format: FormatId
  readonly options: OptionValues
  /** What the new image is to lie on; never opened. */
  readonly backing?: BackingRef
  readonly disk: MeasuredDisk
}

/** The disk that the new image is for. */
export type MeasuredDisk =
  | { readonly kind: 'size'; readonly virtualSize: number }
  | {
      readonly kind: 'image'
      /** Absolute. */
      readonly path: string
      /** Left out, it is detected. */
      readonly format?: string
      /** Id or name of a snapshot inside it. */
      readonly snapshot?: string
    }

/** Bytes, in qemu-img's words. */
export interface MeasuredSizes {
  readonly required: number
  readonly fullyAllocated: number
  /** What the bitmaps of the source would take on top; left out where one side has no place for any. */
  readonly bitmaps?: number
}

export async function measure(spec: MeasureSpec, signal: AbortSignal, parts: Parts): Promise<MeasuredSizes> {
  const { disk, backing } = spec
  const driver = creatingDriver(spec.format, parts)
  const options = completeOptions(driver.options, spec.options)
  const design = (virtualSize: number): CreateSpec => ({ virtualSize, options, ...(backing && { backing }) })
  if (disk.kind === 'size') {
    const { required, fullyAllocated } = driver.measure(design(diskSize(disk.virtualSize)), 0)
    return { required, fullyAllocated }
  }
  await using image = await openSource(disk.path, disk.format, parts)
  // The snapshot takes the place of the image, which knows no bitmaps of its own from then on.
  const { bitmaps } = await image.top.describe()
  const source = disk.snapshot === undefined ? image : await openSnapshot(image, disk.snapshot)
  const target = design(diskSize(source.size))
  // How much of the data lies below already is not known.
  const data = backing
    ? source.size
    : await dataOf(source, driver.blockSize?.(target) ?? options['cluster_size'], signal)
  const { required, fullyAllocated } = driver.measure(target, data)
  const bitmapBytes = bitmaps && driver.measureBitmaps?.(target, bitmaps.filter(isSound))
  return { required, fullyAllocated, ...(bitmapBytes !== undefined && { bitmaps: bitmapBytes }) }
}

/** In whole clusters of the new image. */
async function dataOf(source: VirtualDisk, clusterSize: OptionValue | undefined, signal: AbortSignal): Promise<number> {
  const found = await survey(source, turnsOf(signal), typeof clusterSize === 'number' ? clusterSize : undefined)
  return found.blockBytes
}

/** Bitmaps that were being changed are not copied. */
function isSound({ flags }: NonNullable<Details['bitmaps']>[number]): boolean {
  return !flags.includes('in-use')
}

/** Closing the image closes this as well. */
async function openSnapshot(image: VirtualDisk, wanted: string): Promise<VirtualDisk> {
  const { snapshots, storage } = image.top
  const list = (await snapshots?.list()) ?? []
  const found = list.find(({ id }) => id === wanted) ?? list.find(({ name }) => name === wanted)
  if (snapshots && found) return new VirtualDisk([await snapshots.open(found.id), ...image.layers.slice(1)])
  throw new SpindleError('not-found', `${storage.name} has no snapshot “${wanted}”.`, { path: storage.name })
}
