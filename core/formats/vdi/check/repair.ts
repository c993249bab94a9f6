// Repairing: blocks that share a place get one each, counts become right, gaps are closed, and nothing is thrown away.

import type { ClusterSet } from '../../../image/cluster-set.ts'
import type { Pace } from '../../../jobs/pace.ts'
import type { RepairMode, RepairReport } from '../../../model/check.ts'
import { dataOverlapsTables } from '../header.ts'
import { copyPlace, packBlocks } from '../pack.ts'
import type { VdiFile } from '../vdi-file.ts'
import { examine, reportOf } from './examine.ts'
import type { Examined } from './examine.ts'

export async function repair(file: VdiFile, mode: RepairMode, pace?: Pace): Promise<RepairReport> {
  const repaired: string[] = []
  const before = await examine(file, pace)
  // Where data and tables are one, every write could destroy either.
  if (!dataOverlapsTables(file.header)) {
    if (mode === 'all') repaired.push(...(await separate(before, pace)))
    const now = repaired.length > 0 ? await examine(file) : before
    repaired.push(...(await tidy(now, mode, pace)))
  }
  const after = await examine(file, pace)
  const leaks = after.findings.count('leak')
  if (leaks > 0 && (after.isReferenceLost || after.sharing.length > 0))
    after.findings.add('note', 1, () => ({
      code: 'leaks-kept',
      message: `${leaks} places that nothing leads to were kept: damaged entries may have led there.`,
    }))
  return {
    after: reportOf(after),
    repaired,
    corruptionsFixed: Math.max(0, before.findings.count('error') - after.findings.count('error')),
    leaksFixed: Math.max(0, before.findings.count('leak') - leaks),
  }
}

/** Both blocks keep what they show; from now on each has it for itself. */
async function separate(examined: Examined, pace: Pace | undefined): Promise<readonly string[]> {
  const { file, taken, sharing, isMapImplausible, isReferenceLost, end } = examined
  const { storage, pages } = file
  // New places could be those that damaged entries lead to.
  if (isReferenceLost || isMapImplausible || sharing.length === 0) return []
  const places = freePlaces(taken, sharing.length)
  // Places are counted before anything leads there.
  await file.writeHeader({ blocks_allocated: Math.max(file.header.blocks_allocated, end, (places.at(-1) ?? 0) + 1) })
  for (const [index, block] of sharing.entries()) {
    await copyPlace(file, file.entry(await file.page(block), block), places[index] ?? 0)
    await pace?.(0)
  }
  await storage.flush()
  for (const [index, block] of sharing.entries()) file.setEntry(await file.page(block), block, places[index] ?? 0)
  await pages.writeBack()
  await storage.flush()
  return [
    sharing.length === 1
      ? 'A block that shared its place with another got one of its own.'
      : `${sharing.length} blocks that shared their places with others got places of their own.`,
  ]
}

/** The lowest there are, ascending: fewer places are taken than there are blocks, so none is past the last possible one. */
function freePlaces(taken: ClusterSet, count: number): readonly number[] {
  const places: number[] = []
  for (let place = 0; places.length < count; place += 1) if (!taken.has(place)) places.push(place)
  return places
}

async function tidy(examined: Examined, mode: RepairMode, pace: Pace | undefined): Promise<readonly string[]> {
  const { file, findings, sharing, isReferenceLost, end } = examined
  const { blocks_allocated: counted } = file.header
  const leaks = findings.count('leak')
  if (isReferenceLost || sharing.length > 0) {
    if (mode === 'leaks' || counted >= end) return []
    await file.writeHeader({ blocks_allocated: end })
    await file.storage.flush()
    return [`The header now counts ${end} blocks in use.`]
  }
  if (leaks === 0 && (counted === end || mode === 'leaks')) return []
  // Progress is of what is looked at; moving only has to let others in.
  await packBlocks(file, pace && (() => pace(0)))
  const { blocks_allocated: now } = file.header
  return [
    ...(now === counted ? [] : [`The header now counts ${now} blocks in use.`]),
    ...(leaks === 0 ? [] : [`The room of ${leaks} ${leaks === 1 ? 'block' : 'blocks'} that nothing led to was freed.`]),
  ]
}
