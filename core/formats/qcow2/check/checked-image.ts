// An image as a check sees it: all that its header says, as long as that makes sense at all.

import { closedGate } from '../../../image/gate.ts'
import { SpindleError } from '../../../model/error.ts'
import type { Storage } from '../../../storage/storage.ts'
import { decodeExtensions } from '../extensions.ts'
import type { Extensions } from '../extensions.ts'
import { geometryOf, l1Bytes } from '../geometry.ts'
import type { Geometry } from '../geometry.ts'
import { decodeHeader } from '../header.ts'
import {
  AUTOCLEAR,
  HEADER,
  INCOMPATIBLE,
  MAX_CLUSTER_BITS,
  MAX_L1_BYTES,
  MAX_REFCOUNT_ORDER,
  MIN_CLUSTER_BITS,
  MIN_EXTENDED_CLUSTER_BITS,
} from '../layout.ts'
import type { HeaderFields } from '../layout.ts'
import { openHeader } from '../open.ts'

const SECTOR = 512

export interface CheckedImage {
  readonly storage: Storage
  readonly header: HeaderFields
  readonly geometry: Geometry
  /** Length of the file in bytes, and in clusters begun. */
  readonly size: number
  readonly fileClusters: number
  /** Bytes of the disk: whole sectors only, as every reader has it. */
  readonly virtualSize: number
  /** None where they cannot be read; `refusal` says why. */
  readonly extensions: Extensions
  /** The header names bitmaps and vouches for them. */
  readonly hasBitmaps: boolean
  /** The active L1 table is somewhere where it can be read. */
  readonly hasL1: boolean
  /** Why no reader opens it as it is. */
  readonly refusal?: SpindleError
}

/** Throws `invalid-image` or `unsupported` when nothing can be looked at, because the header itself makes no sense. */
export async function openForCheck(storage: Storage): Promise<CheckedImage> {
  const size = await storage.size()
  const refusal = await refusalOf(storage)
  const first = new Uint8Array(Math.min(size, HEADER.size))
  await storage.read(0, first)
  const header = decodeHeader(first, storage.name)
  if (hasUnknownFeatures(header)) throw refusal?.code === 'unsupported' ? refusal : unknownFeatures(storage)
  if (refusal && !makesSense(header)) throw refusal
  const geometry = geometryOf(header)
  const extensions = await readExtensions(storage, header, geometry)
  return {
    storage,
    header,
    geometry,
    size,
    fileClusters: Math.ceil(size / geometry.clusterSize),
    virtualSize: Math.floor(geometry.virtualSize / SECTOR) * SECTOR,
    extensions,
    hasBitmaps: extensions.bitmaps !== undefined && (header.autoclear_features & AUTOCLEAR.bitmaps) !== 0n,
    hasL1: hasL1(header, geometry, size),
    ...(refusal && { refusal }),
  }
}

/** Opens it as a reader would, without any second file. */
async function refusalOf(storage: Storage): Promise<SpindleError | undefined> {
  try {
    const { header, unreadable } = await openHeader(storage, closedGate, 'read')
    // Whether its data can be read, for being encrypted or packed in a new way, does not matter here.
    const isSealed = unreadable?.code === 'unsupported' || unreadable?.code === 'locked'
    if (!unreadable || (isSealed && !hasUnknownFeatures(header))) return undefined
    return SpindleError.fromData(unreadable)
  } catch (error) {
    if (error instanceof SpindleError && error.code === 'invalid-image') return error
    throw error
  }
}

/** What an unknown feature changes about the tables, no one knows. */
function hasUnknownFeatures({ incompatible_features: features }: HeaderFields): boolean {
  return (features & ~Object.values(INCOMPATIBLE).reduce((mask, bit) => mask | bit, 0n)) !== 0n
}

function unknownFeatures({ name }: Storage): SpindleError {
  const message = `${name} uses features Spindle does not know, so its tables may not mean what they seem to. Nothing was changed.`
  return new SpindleError('unsupported', message, { path: name, offset: HEADER.fields.incompatible_features.offset })
}

function makesSense(header: HeaderFields): boolean {
  const { cluster_bits: bits, refcount_order, header_length, incompatible_features } = header
  const extended = (incompatible_features & INCOMPATIBLE.extendedL2) !== 0n
  return (
    bits >= (extended ? MIN_EXTENDED_CLUSTER_BITS : MIN_CLUSTER_BITS) &&
    bits <= MAX_CLUSTER_BITS &&
    refcount_order <= MAX_REFCOUNT_ORDER &&
    header_length <= 2 ** bits
  )
}

function hasL1({ l1_table_offset: offset, l1_size: entries }: HeaderFields, geometry: Geometry, size: number): boolean {
  if (entries < geometry.tableCount || l1Bytes(entries) > MAX_L1_BYTES) return false
  return entries === 0 || (offset > 0 && offset < size && offset % geometry.clusterSize === 0)
}

async function readExtensions(storage: Storage, header: HeaderFields, geometry: Geometry): Promise<Extensions> {
  const { header_length: start, backing_file_offset: nameOffset } = header
  const { clusterSize } = geometry
  const end = nameOffset > start && nameOffset <= clusterSize ? nameOffset : clusterSize
  const area = new Uint8Array(end - start)
  const length = await storage.read(start, area)
  try {
    return decodeExtensions({ bytes: area.subarray(0, length), offset: start, path: storage.name, clusterSize })
  } catch (error) {
    if (error instanceof SpindleError && error.code === 'invalid-image') return { featureNames: [] }
    throw error
  }
}
