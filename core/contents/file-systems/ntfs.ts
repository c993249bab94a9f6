// NTFS: its boot sector, and the two records of the master file table that hold label and bitmap.

import { bytes, size64, u16, u8 } from '../../bytes/field.ts'
import { Structure } from '../../bytes/structure.ts'
import type { FileSystemFacts } from '../../model/contents.ts'
import { MiB, isPowerOfTwo } from '../../model/units.ts'
import type { DiskReader } from '../disk-reader.ts'
import { countBits, decoded, filled, hasText, hexText, named, viewOf } from './probe.ts'

const BOOT = new Structure('NTFS boot sector', 'little', {
  sector_size: u16(11),
  /** From 128 on, a negative power of two; the same goes for the size of a record. */
  cluster_sectors: u8(13),
  sectors: size64(40),
  table_cluster: size64(48),
  record_size: u8(64),
  serial: bytes(72, 8),
})

const VOLUME_RECORD = 3
const BITMAP_RECORD = 6
const VOLUME_NAME = 0x60
const DATA = 0x80
const END = 0xff_ff_ff_ff
/** Of volumes up to half a terabyte with clusters of 4 KiB. */
const LARGEST_BITMAP = 16 * MiB
/** Where record numbers are protected against torn writes, whatever the sectors of the disk are. */
const STRIDE = 512

export async function probeNtfs(head: Uint8Array, reader: DiskReader): Promise<FileSystemFacts | undefined> {
  if (!hasText(head, 3, 'NTFS    ')) return undefined
  const boot = decoded(BOOT, head)
  if (!boot) return undefined
  const { sector_size: sector, cluster_sectors: perCluster, record_size: recordByte } = boot
  const recordShape = recordByte < 128 ? recordByte : recordByte - 256
  if (!isPowerOfTwo(sector) || sector < 256 || sector > 4096) return undefined
  const clusterSize = sector * (perCluster <= 128 ? perCluster : 2 ** (256 - perCluster))
  if (!isPowerOfTwo(clusterSize) || clusterSize > 2 * MiB) return undefined
  const recordSize = recordShape > 0 ? recordShape * clusterSize : 2 ** -recordShape
  if (!isPowerOfTwo(recordSize) || recordSize < STRIDE || recordSize > 65_536) return undefined
  const table = boot.table_cluster * clusterSize
  const record = async (index: number): Promise<Uint8Array | undefined> =>
    table + (index + 1) * recordSize > reader.size
      ? undefined
      : restored(await reader.read(table + index * recordSize, recordSize))
  // The copy of the first sector lies behind those that are counted.
  const size = (boot.sectors + 1) * sector
  const name = attributeOf(await record(VOLUME_RECORD), VOLUME_NAME)
  const bitmap = attributeOf(await record(BITMAP_RECORD), DATA)
  const used = bitmap && (await usedClusters(bitmap, Math.floor(size / clusterSize), clusterSize, reader))
  return {
    kind: 'ntfs',
    ...named(
      name ? new TextDecoder('utf-16le').decode(valueOf(name)) : '',
      hexText(boot.serial.toReversed()).toUpperCase(),
    ),
    ...filled(size, used === undefined ? undefined : size - used * clusterSize),
  }
}

/** A record of the table with the ends of its sectors put back; undefined where it is none. */
function restored(record: Uint8Array): Uint8Array | undefined {
  if (!hasText(record, 0, 'FILE')) return undefined
  const view = viewOf(record)
  const list = view.getUint16(4, true)
  const count = view.getUint16(6, true)
  if (list + 2 * count > record.length || (count - 1) * STRIDE > record.length) return undefined
  for (let index = 1; index < count; index += 1) {
    const end = index * STRIDE - 2
    if (view.getUint16(end, true) !== view.getUint16(list, true)) return undefined
    view.setUint16(end, view.getUint16(list + 2 * index, true), true)
  }
  return record
}

function attributeOf(record: Uint8Array | undefined, type: number): Uint8Array | undefined {
  if (!record) return undefined
  const view = viewOf(record)
  for (let at = view.getUint16(20, true); at + 16 <= record.length;) {
    const found = view.getUint32(at, true)
    const length = view.getUint32(at + 4, true)
    if (found === END || length < 16 || at + length > record.length) return undefined
    if (found === type) return record.subarray(at, at + length)
    at += length
  }
  return undefined
}

/** Of an attribute that lies in the record itself. */
function valueOf(attribute: Uint8Array): Uint8Array {
  if (attribute[8] !== 0 || attribute.length < 24) return new Uint8Array()
  const view = viewOf(attribute)
  const start = view.getUint16(20, true)
  return attribute.subarray(start, start + view.getUint32(16, true))
}

async function usedClusters(
  attribute: Uint8Array,
  clusters: number,
  clusterSize: number,
  reader: DiskReader,
): Promise<number | undefined> {
  const needed = Math.ceil(clusters / 8)
  if (needed > LARGEST_BITMAP) return undefined
  const map = attribute[8] === 0 ? valueOf(attribute) : await readRuns(attribute, needed, clusterSize, reader)
  if (!map || map.length < needed) return undefined
  const whole = map.slice(0, needed)
  const rest = clusters % 8
  if (rest > 0) whole[needed - 1] = (whole[needed - 1] ?? 0) & ((1 << rest) - 1)
  return countBits(whole)
}

/** The first `needed` bytes of an attribute that lies elsewhere, in runs of clusters. */
async function readRuns(
  attribute: Uint8Array,
  needed: number,
  clusterSize: number,
  reader: DiskReader,
): Promise<Uint8Array | undefined> {
  if (attribute.length < 64) return undefined
  const whole = new Uint8Array(needed)
  let done = 0
  let cluster = 0
  for (let at = viewOf(attribute).getUint16(32, true); done < needed && (attribute[at] ?? 0) !== 0;) {
    const sizes = attribute[at] ?? 0
    const lengthSize = sizes & 0xf
    const placeSize = sizes >> 4
    const end = at + 1 + lengthSize + placeSize
    if (lengthSize === 0 || lengthSize > 6 || placeSize === 0 || placeSize > 6 || end > attribute.length)
      return undefined
    const length = wordOf(attribute.subarray(at + 1, at + 1 + lengthSize), false) * clusterSize
    cluster += wordOf(attribute.subarray(at + 1 + lengthSize, end), true)
    const count = Math.min(length, needed - done)
    const start = cluster * clusterSize
    if (count <= 0 || start < 0 || start + count > reader.size) return undefined
    whole.set(await reader.read(start, count), done)
    done += count
    at = end
  }
  return done === needed ? whole : undefined
}

function wordOf(bytes: Uint8Array, isSigned: boolean): number {
  const value = bytes.reduceRight((sum, byte) => sum * 256 + byte, 0)
  return isSigned && (bytes.at(-1) ?? 0) >= 128 ? value - 2 ** (8 * bytes.length) : value
}
