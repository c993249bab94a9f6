// One look at the whole map: which places are taken, and what of it breaks a rule.

import { ClusterSet } from '../../../image/cluster-set.ts'
import { Findings } from '../../../image/findings.ts'
import type { Pace } from '../../../jobs/pace.ts'
import type { CheckReport } from '../../../model/check.ts'
import { dataOverlapsTables } from '../header.ts'
import { ENTRY_SIZE, HEADER } from '../layout.ts'
import { mapPages } from '../places.ts'
import { isPlace } from '../vdi-file.ts'
import type { VdiFile } from '../vdi-file.ts'

export interface Examined {
  readonly file: VdiFile
  readonly findings: Findings
  readonly taken: ClusterSet
  /** Blocks whose place an earlier block has already. */
  readonly sharing: readonly number[]
  /** More blocks share a place than have one of their own: it is the map itself that is damaged. */
  readonly isMapImplausible: boolean
  /** Some entry leads nowhere: what nothing leads to may be what it led to. */
  readonly isReferenceLost: boolean
  /** Blocks with a sound place, how many of those are not behind the one before, and where the last of them ends. */
  readonly allocated: number
  readonly fragmented: number
  readonly end: number
}

export async function examine(file: VdiFile, pace?: Pace): Promise<Examined> {
  const { block_size, blocks_in_image, offset_bmap } = file.header
  const findings = new Findings()
  const taken = new ClusterSet()
  const sharing: number[] = []
  const { placesInFile } = file
  let [allocated, fragmented, end, used, lost] = [0, 0, 0, 0, 0]
  let previous = -1
  for await (const { page, first, end: last } of mapPages(file, pace)) {
    for (let block = first; block < last; block += 1) {
      const place = file.entry(page, block)
      if (!isPlace(place)) continue
      const where = { hostOffset: offset_bmap + block * ENTRY_SIZE, guestOffset: block * block_size }
      const entry = `Entry ${block} of the block map, for the guest’s bytes from ${where.guestOffset} on,`
      if (place >= blocks_in_image || place >= placesInFile) {
        lost += 1
        const message = `${entry} leads to place ${place}, which would be at offset ${file.hostOf(place)}, past the end of the file at ${file.size}.`
        findings.add('error', 1, () => ({ code: 'block-past-end', message, ...where }))
        continue
      }
      allocated += 1
      if (previous >= 0 && place !== previous + 1) fragmented += 1
      previous = place
      end = Math.max(end, place + 1)
      if (taken.has(place)) {
        if (sharing.length <= used) sharing.push(block)
        const message = `${entry} leads to place ${place}, where another block is already: what is written to one shows in both.`
        findings.add('error', 1, () => ({ code: 'shared-block', message, ...where }))
        continue
      }
      taken.add(place)
      used += 1
    }
  }
  tellHeader(file, findings, { end, used, placesInFile })
  const isMapImplausible = sharing.length > used
  return { file, findings, taken, sharing, isMapImplausible, isReferenceLost: lost > 0, allocated, fragmented, end }
}

export function reportOf({ file, findings, allocated, fragmented, end }: Examined, checkErrors = 0): CheckReport {
  const { block_size, offset_data } = file.header
  return {
    findings: findings.list(),
    unlisted: findings.unlisted(),
    totals: {
      imageEndOffset: offset_data + end * file.placeSize,
      totalClusters: file.blocks,
      allocatedClusters: allocated,
      fragmentedClusters: fragmented,
      compressedClusters: 0,
      corruptions: findings.count('error'),
      leaks: findings.count('leak'),
      checkErrors,
    },
    clusterSize: block_size,
  }
}

function tellHeader(
  { header, size, blocks }: VdiFile,
  findings: Findings,
  { end, used, placesInFile }: { readonly end: number; readonly used: number; readonly placesInFile: number },
): void {
  const { blocks_allocated: counted, offset_data } = header
  const countAt = HEADER.fields.blocks_allocated.offset
  if (dataOverlapsTables(header)) {
    const message = `The data is said to begin at offset ${offset_data}, where the header or the block map is.`
    findings.add('error', 1, () => ({
      code: 'data-overlaps-tables',
      message,
      hostOffset: HEADER.fields.offset_data.offset,
    }))
  }
  if (header.blocks_in_image > blocks) {
    const message = `The header tells of ${header.blocks_in_image} blocks, and the disk has ${blocks}: what the block map says of the others means nothing.`
    findings.add('note', 1, () => ({
      code: 'blocks-beyond-end',
      message,
      hostOffset: HEADER.fields.blocks_in_image.offset,
    }))
  }
  if (counted < end) {
    const message = `The header counts ${counted} blocks in use, but there is one in place ${end - 1}: other programs would write new blocks over old ones.`
    findings.add('error', 1, () => ({ code: 'blocks-allocated', message, hostOffset: countAt }))
  }
  const leaked = Math.max(end, counted, placesInFile) - used
  if (leaked <= 0) return
  const why = counted > end ? `; the header counts ${counted} blocks in use, and there are ${used}` : ''
  const message = `${leaked} ${leaked === 1 ? 'place' : 'places'} for blocks, of the file’s ${size} bytes, nothing leads to${why}.`
  findings.add('leak', leaked, () => ({ code: 'leaked-blocks', message, hostOffset: countAt }))
}
