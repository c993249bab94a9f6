// One look at everything that can be wrong with a VHD: footers, header, block table, and room that nothing uses.

import { Findings } from '../../../image/findings.ts'
import type { Pace } from '../../../jobs/pace.ts'
import type { CheckReport } from '../../../model/check.ts'
import type { Storage } from '../../../storage/storage.ts'
import { findAllocated } from '../allocated.ts'
import type { Allocated } from '../allocated.ts'
import { hasSector, runEnd } from '../bitmap.ts'
import { unusedRoom } from '../compact.ts'
import { ImageFile } from '../image-file.ts'
import { SECTOR } from '../layout.ts'
import { openHeaders } from '../open.ts'
import type { Opened } from '../open.ts'

export interface Examined {
  readonly opened: Opened
  readonly findings: Findings
  /** Of a dynamic or differencing disk. */
  readonly body?: { readonly file: ImageFile; readonly allocated: Allocated; readonly unmarked: number }
}

/** `pace` is told the bytes of the disk that have been seen to. Throws when footer or header make no sense. */
export async function examine(storage: Storage, pace?: Pace): Promise<Examined> {
  const opened = await openHeaders(storage)
  const { blocks, virtualSize } = opened
  const findings = new Findings()
  tellFooters(opened, findings)
  if (!blocks) {
    tellRoomBehind(opened, findings)
    await pace?.(virtualSize)
    return { opened, findings }
  }
  const file = new ImageFile(storage, opened, blocks)
  const allocated = await findAllocated(file, pace)
  for (const { code, message, hostOffset } of allocated.problems)
    findings.add('error', 1, () => ({ code, message: sentence(message), hostOffset }))
  for (let more = 0; more < allocated.moreProblems; more += 1) findings.addUnlisted('error', 1)
  tellLeaks(file, allocated, findings)
  const unmarked = blocks.backing ? 0 : await tellBitmaps(file, allocated, findings, pace)
  return { opened, findings, body: { file, allocated, unmarked } }
}

export function reportOf({ opened, findings, body }: Examined): CheckReport {
  const { footers, virtualSize, blocks } = opened
  const clusterSize = blocks?.blockSize ?? SECTOR
  return {
    findings: findings.list(),
    unlisted: findings.unlisted(),
    totals: {
      imageEndOffset: footers.end + SECTOR,
      totalClusters: Math.ceil(virtualSize / clusterSize),
      allocatedClusters: body ? body.allocated.blocks.length : Math.ceil(virtualSize / clusterSize),
      fragmentedClusters: body?.allocated.fragmented ?? 0,
      compressedClusters: 0,
      corruptions: findings.count('error'),
      leaks: findings.count('leak'),
      checkErrors: 0,
    },
    clusterSize,
  }
}

function tellFooters({ footers, blocks, faults }: Opened, findings: Findings): void {
  const places = {
    footer: footers.end,
    'footer-copy': 0,
    header: blocks?.headerOffset ?? 0,
    'saved-state': footers.chosen.offset,
  }
  for (const { code, what } of faults) {
    const kind = code === 'saved-state' ? 'note' : 'error'
    findings.add(kind, 1, () => ({ code, message: sentence(what), hostOffset: places[code] }))
  }
}

function tellRoomBehind({ footers, virtualSize }: Opened, findings: Findings): void {
  const room = footers.end - virtualSize
  if (room <= 0) return
  const message = `Between the end of the disk and the footer lie ${room} bytes that no guest sees.`
  findings.add('note', 1, () => ({ code: 'room-behind', message, hostOffset: virtualSize }))
}

function tellLeaks(file: ImageFile, allocated: Allocated, findings: Findings): void {
  const { blockSize, bitmapSize } = file.blocks
  for (const { start, end } of unusedRoom(file, allocated)) {
    const count = Math.floor((end - start) / (blockSize + bitmapSize))
    if (count === 0) continue
    const what = count === 1 ? 'One block' : `${count} blocks`
    const message = `${what} at offset ${start} belong${count === 1 ? 's' : ''} to no part of the disk.`
    findings.add('leak', count, () => ({ code: 'unused-room', message, hostOffset: start }))
  }
}

/** Some programs read sectors that are not marked as written as zeros, others as what is there. */
async function tellBitmaps(
  file: ImageFile,
  { starts, problems }: Allocated,
  findings: Findings,
  pace: Pace | undefined,
): Promise<number> {
  if (problems.length > 0) return 0
  const sectors = file.blocks.blockSize / SECTOR
  let unmarked = 0
  for (const start of starts) {
    const { bytes } = await file.bitmap(start)
    if (!hasSector(bytes, 0) || runEnd(bytes, 0, sectors) < sectors) unmarked += 1
    await pace?.(0)
  }
  if (unmarked === 0) return 0
  const message = `${unmarked === 1 ? 'One block has' : `${unmarked} blocks have`} sectors that are not marked as written; programs that heed the marks read zeros there.`
  findings.add('note', unmarked, () => ({ code: 'sectors-unmarked', message }))
  return unmarked
}

function sentence(clause: string): string {
  return `${clause.charAt(0).toUpperCase()}${clause.slice(1)}.`
}
