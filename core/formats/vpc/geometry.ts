// Cylinders, heads and sectors: how old guests count a disk, and what sizes can be told that way.

import { MAX_FIXED_SIZE, MAX_GEOMETRY, MAX_GEOMETRY_SECTORS, MAX_VIRTUAL_SIZE, SECTOR } from './layout.ts'

export interface DiskGeometry {
  readonly cylinders: number
  readonly heads: number
  readonly sectorsPerTrack: number
}

/** How large a disk can be, in bytes and as it is said. */
export function maxSizeOf(fixed: boolean): { readonly bytes: number; readonly words: string } {
  return fixed ? { bytes: MAX_FIXED_SIZE, words: '64 TiB' } : { bytes: MAX_VIRTUAL_SIZE, words: '2040 GiB' }
}

export function sectorsOf({ cylinders, heads, sectorsPerTrack }: DiskGeometry): number {
  return cylinders * heads * sectorsPerTrack
}

/** The geometry the specification gives to a disk: of the same size, or up to a cylinder smaller. */
export function geometryFor(sectors: number): DiskGeometry {
  const capped = Math.min(sectors, MAX_GEOMETRY_SECTORS)
  if (capped > 65_535 * 16 * 63) return withTracks(capped, 16, 255)
  const heads = Math.max(4, Math.ceil(Math.floor(capped / 17) / 1024))
  if (heads <= 16 && Math.floor(capped / 17) < heads * 1024) return withTracks(capped, heads, 17)
  if (Math.floor(capped / 31) < 16 * 1024) return withTracks(capped, 16, 31)
  return withTracks(capped, 16, 63)
}

/** The smallest size at or above this one that a geometry can tell; the same one where none can. Bytes. */
export function geometrySize(size: number): number {
  const sectors = Math.ceil(size / SECTOR)
  if (sectors > MAX_GEOMETRY_SECTORS) return sectors * SECTOR
  let tried = sectors
  while (sectorsOf(geometryFor(tried)) < sectors) tried += 1
  return sectorsOf(geometryFor(tried)) * SECTOR
}

/** What to write for a disk of exactly this size: one that tells it, or the largest, by which readers know to ask for the size. */
export function exactGeometry(size: number): DiskGeometry {
  const geometry = geometryFor(size / SECTOR)
  return sectorsOf(geometry) * SECTOR === size ? geometry : MAX_GEOMETRY
}

function withTracks(sectors: number, heads: number, sectorsPerTrack: number): DiskGeometry {
  return { cylinders: Math.floor(sectors / (heads * sectorsPerTrack)), heads, sectorsPerTrack }
}
