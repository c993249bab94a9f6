// map: where every byte of the disk comes from, as rows.

import type { MapRow } from '../model/image.ts'
import { turnsOf } from './cancel.ts'
import { openSource } from './parts.ts'
import { FileHoles } from './file-holes.ts'
import type { FilePiece } from './file-holes.ts'
import type { Parts } from './parts.ts'

export interface MapSpec {
  readonly path: string
  readonly format?: string
  /** Bytes. */
  readonly start?: number
  readonly length?: number
}

/** Rows in ascending order, without gaps, as long as they can be; some at a time. Empty past the end of the disk. */
export async function* map(spec: MapSpec, signal: AbortSignal, parts: Parts): AsyncGenerator<readonly MapRow[]> {
  const pace = turnsOf(signal)
  await using disk = await openSource(spec.path, spec.format, parts)
  const start = Math.min(spec.start ?? 0, disk.size)
  const length = Math.min(spec.length ?? Infinity, disk.size - start)
  const holes = await FileHoles.of(disk)
  let last: MapRow | undefined
  let position = start
  for await (const extents of disk.extents(start, length)) {
    await pace(0)
    const rows: MapRow[] = []
    for (const piece of await holes.pieces(extents)) {
      const row = rowOf(piece, position)
      position += row.length
      if (last && continues(last, row)) {
        last = { ...last, length: last.length + row.length }
      } else {
        if (last) rows.push(last)
        last = row
      }
    }
    if (rows.length > 0) yield rows
  }
  if (last) yield [last]
}

function rowOf({ extent, isHole }: FilePiece, start: number): MapRow {
  const { length, depth } = extent
  const row = { start, length, depth, present: true, zero: false, data: true, compressed: false }
  switch (extent.kind) {
    case 'data':
      // What lies there is of no use to anyone who reads the file.
      if (extent.storage.enciphered === true) return row
      return { ...row, zero: isHole, offset: extent.offset, path: extent.storage.name }
    case 'packed':
      return { ...row, compressed: true }
    case 'zero': {
      const zero = { ...row, zero: true, data: false }
      return extent.offset === undefined || !extent.storage
        ? zero
        : { ...zero, offset: extent.offset, path: extent.storage.name }
    }
    default: {
      const hole = { ...row, present: false, zero: true, data: false }
      return extent.offset === undefined || !extent.storage
        ? hole
        : { ...hole, offset: extent.offset, path: extent.storage.name }
    }
  }
}

function continues(last: MapRow, row: MapRow): boolean {
  return (
    last.depth === row.depth &&
    last.present === row.present &&
    last.zero === row.zero &&
    last.data === row.data &&
    last.compressed === row.compressed &&
    last.path === row.path &&
    (last.offset === undefined ? row.offset === undefined : last.offset + last.length === row.offset)
  )
}
