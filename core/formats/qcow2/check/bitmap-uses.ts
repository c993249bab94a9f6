// The clusters that dirty bitmaps take: their directory, their tables and their bits.

import { SpindleError } from '../../../model/error.ts'
import { readPadded } from '../../../storage/storage.ts'
import { readBitmaps } from '../bitmaps.ts'
import type { Bitmap } from '../bitmaps.ts'
import { printable } from '../damage.ts'
import type { Examination } from './examination.ts'
import { isReadFailure } from './read-tables.ts'

const ENTRY_SIZE = 8
const WORD = 2 ** 32
const OFFSET_HIGH = 0x00ff_ffff
const RESERVED_HIGH = 0xff00_0000
const RESERVED_LOW = 0x1fe
const LOW_FLAGS = 0x1ff
const ALL_SET = 1

export async function claimBitmaps(examination: Examination): Promise<void> {
  const { image } = examination
  const { bitmaps: extension } = image.extensions
  if (!extension || !image.hasBitmaps) return
  const { bitmap_directory_offset: offset, bitmap_directory_size: size } = extension
  examination.claim(offset, size, 'The bitmap directory')
  try {
    examination.bitmaps = await readBitmaps(image.storage, extension, image.geometry, image.size)
  } catch (error) {
    if (isReadFailure(error)) return examination.unreadable('The bitmap directory', offset, error)
    if (!(error instanceof SpindleError) || error.code !== 'invalid-image') throw error
    // The reason stands in what opening the image says, which is told as well.
    const message = `The bitmap directory at offset ${offset} is damaged, so where its bitmaps are is not known.`
    return examination.blindSpot('bitmap-directory', message, offset)
  }
  for (const bitmap of examination.bitmaps) {
    await claimBitmap(bitmap, examination)
    const { name, flags } = bitmap.facts
    if (!flags.includes('in-use')) continue
    const message = `The bitmap “${printable(name)}” was being changed when the image was last closed, so it can no longer be trusted.`
    examination.findings.add('note', 1, () => ({ code: 'bitmap-in-use', message, hostOffset: offset }))
  }
}

async function claimBitmap({ facts, table }: Bitmap, examination: Examination): Promise<void> {
  const { image } = examination
  const { clusterSize } = image.geometry
  const title = `The bitmap “${printable(facts.name)}”`
  const length = table.entries * ENTRY_SIZE
  examination.claim(table.offset, length, `The table of ${lower(title)}`)
  for await (const { offset, place, problem } of bitmapClusters(examination, table, title)) {
    if (problem === undefined) examination.claim(offset, clusterSize, `A part of ${lower(title)}`)
    else examination.damage(() => ({ code: 'bitmap-entry', message: `${title} ${problem}.`, hostOffset: place }))
  }
}

interface BitmapCluster {
  readonly offset: number
  /** Of the entry that leads there. */
  readonly place: number
  readonly problem?: string
}

async function* bitmapClusters(
  examination: Examination,
  table: Bitmap['table'],
  title: string,
): AsyncGenerator<BitmapCluster, void, undefined> {
  const { image } = examination
  const bytes = new Uint8Array(table.entries * ENTRY_SIZE)
  try {
    await readPadded(image.storage, table.offset, bytes)
  } catch (error) {
    if (!isReadFailure(error)) throw error
    examination.unreadable(`The table of ${lower(title)}`, table.offset, error)
    return
  }
  const view = new DataView(bytes.buffer)
  for (let at = 0; at < bytes.length; at += ENTRY_SIZE) {
    const high = view.getUint32(at)
    const low = view.getUint32(at + 4)
    if (high === 0 && low <= ALL_SET) continue
    const offset = (high & OFFSET_HIGH) * WORD + ((low & ~LOW_FLAGS) >>> 0)
    const place = table.offset + at
    if (high & RESERVED_HIGH || low & RESERVED_LOW || (offset !== 0 && low & ALL_SET))
      yield { offset, place, problem: `has an entry at offset ${place} with bits set that have no meaning` }
    else if (offset % image.geometry.clusterSize !== 0)
      yield {
        offset,
        place,
        problem: `has an entry at offset ${place} that leads to offset ${offset}, which is not a cluster boundary`,
      }
    else yield { offset, place }
  }
}

function lower(title: string): string {
  return title.charAt(0).toLowerCase() + title.slice(1)
}
