// Repairing: the footers are made from the one that holds, blocks that share a place get one each, unused room goes.

import type { Pace } from '../../../jobs/pace.ts'
import type { RepairMode, RepairReport } from '../../../model/check.ts'
import { roundUp } from '../../../model/units.ts'
import type { Storage } from '../../../storage/storage.ts'
import { moveBlock, usedEnd } from '../compact.ts'
import { encodeFooter } from '../footer.ts'
import { headerWithTable, writeFooters } from '../footer-change.ts'
import { SECTOR } from '../layout.ts'
import { shorten } from '../shorten.ts'
import { examine, reportOf } from './examine.ts'
import type { Examined } from './examine.ts'

export async function repair(storage: Storage, mode: RepairMode, pace?: Pace): Promise<RepairReport> {
  const before = await examine(storage, pace)
  const repaired: string[] = []
  let examined = before
  const steps = mode === 'all' ? [mendHeaders, partBlocks, freeRoom] : [freeRoom]
  for (const step of steps) {
    const done = await step(storage, examined, pace)
    if (done === undefined) continue
    repaired.push(done)
    await storage.flush()
    examined = await examine(storage)
  }
  await pace?.(before.opened.virtualSize)
  const gone = (kind: 'error' | 'leak'): number =>
    Math.max(0, before.findings.count(kind) - examined.findings.count(kind))
  return { after: reportOf(examined), repaired, corruptionsFixed: gone('error'), leaksFixed: gone('leak') }
}

/** All that has been read from them so far came from the footer that holds. */
async function mendHeaders(storage: Storage, { opened, body }: Examined): Promise<string | undefined> {
  const { footers, footer, blocks, faults } = opened
  const wrong = faults.filter(({ code }) => code !== 'saved-state')
  if (wrong.length === 0) return undefined
  if (!body || !blocks) {
    await storage.write(footers.chosen.offset, encodeFooter(footer))
    return 'The checksum of the footer was written anew.'
  }
  if (!blocks.isHeaderSound)
    await storage.write(blocks.headerOffset, headerWithTable(blocks, blocks.tableOffset, blocks.tableEntries))
  await writeFooters(storage, footer, footerPlace(body, opened))
  return 'The footer, its copy at the beginning and the header were written anew, from what of them was in order.'
}

/** Where a footer is, or where a lost one must have been; while blocks are missing, behind whatever is there. */
function footerPlace(
  { file, allocated }: NonNullable<Examined['body']>,
  { footers, size }: Examined['opened'],
): number {
  if (footers.tail) return footers.end
  const end = usedEnd(file, allocated)
  const isPlain = allocated.problems.length === 0 && size - end < file.blocks.blockSize
  return isPlain ? end : roundUp(size, SECTOR)
}

/** Blocks that lie over others are read as what lies there: that they keep, in a place of their own. */
async function partBlocks(storage: Storage, { opened, body }: Examined, pace?: Pace): Promise<string | undefined> {
  if (!body || !body.allocated.problems.some(({ code }) => code === 'blocks-overlap')) return undefined
  const { file, allocated } = body
  const room = file.blocks.bitmapSize + file.blocks.blockSize
  let end = roundUp(file.end, SECTOR)
  let moved = 0
  let free = 0
  for (const [index, start] of allocated.starts.entries()) {
    if (start < free) {
      await moveBlock(file, allocated.blocks[index] ?? 0, start, end)
      end += room
      moved += 1
    } else {
      free = start + room
    }
    await pace?.(0)
  }
  await writeFooters(storage, opened.footer, end)
  return moved === 1
    ? 'One block that lay over another was given a place of its own, with what is read from it.'
    : `${moved} blocks that lay over others were given places of their own, with what is read from them.`
}

/** While something that leads to data is damaged nothing is freed: it may be that data. */
async function freeRoom(
  storage: Storage,
  { opened, body, findings }: Examined,
  pace?: Pace,
): Promise<string | undefined> {
  if (!body || findings.count('leak') === 0) return undefined
  if (findings.count('error') > 0) {
    const message = 'The room that nothing leads to was kept: damaged entries may have led there.'
    findings.add('note', 1, () => ({ code: 'leaks-kept', message }))
    return undefined
  }
  const leaks = findings.count('leak')
  await shorten(storage, opened.footer, body.file.blocks.tableEntries, pace)
  return leaks === 1 ? 'The room of one block was given back.' : `The room of ${leaks} blocks was given back.`
}
