// Repairing: what shares a cluster gets one of its own, gaps are closed, the mark is taken off, and nothing is thrown away.

import type { Pace } from '../../../jobs/pace.ts'
import type { RepairMode, RepairReport } from '../../../model/check.ts'
import { FEATURE } from '../layout.ts'
import { copyBytes, packClusters } from '../pack.ts'
import type { QedFile } from '../qed-file.ts'
import { examine, reportOf } from './examine.ts'
import type { Examined } from './examine.ts'

export async function repair(file: QedFile, mode: RepairMode, pace?: Pace): Promise<RepairReport> {
  const repaired: string[] = []
  const before = await examine(file, pace)
  if (mode === 'all') repaired.push(...(await separate(before, pace)))
  const separated = repaired.length > 0 ? await examine(file) : before
  const leaked = separated.findings.count('leak')
  const mayPack = !separated.isReferenceLost && separated.sharing.length === 0
  if (leaked > 0 && mayPack) await packClusters(file, pace && (() => pace(0)))
  const after = await examine(file, pace)
  const leaks = after.findings.count('leak')
  if (leaks < leaked)
    repaired.push(`${leaked - leaks} ${leaked - leaks === 1 ? 'cluster' : 'clusters'} that nothing led to were freed.`)
  if (leaks > 0)
    after.findings.add('note', 1, () => ({
      code: 'leaks-kept',
      message: `${leaks} clusters that nothing leads to were kept: ${mayPack ? 'a table behind them finds no gap large enough' : 'damaged entries may have led there'}.`,
    }))
  const { features } = file.header
  if ((features & FEATURE.needCheck) !== 0n && after.findings.count('error') === 0) {
    await file.writeHeader({ features: features & ~FEATURE.needCheck })
    await file.storage.flush()
    repaired.push('The mark that the image was not closed in order was taken off.')
  }
  return {
    after: reportOf(after),
    repaired,
    corruptionsFixed: Math.max(0, before.findings.count('error') - after.findings.count('error')),
    leaksFixed: Math.max(0, before.findings.count('leak') - leaks),
  }
}

/** What each shows stays as it is; from now on it has that for itself. */
async function separate(examined: Examined, pace: Pace | undefined): Promise<readonly string[]> {
  const { file, sharing, isReferenceLost, allocated } = examined
  const { storage, geometry, l2Pages } = file
  // Where most entries share their clusters it is the tables that are wrong, and copying would only fill the disk.
  if (sharing.length === 0 || isReferenceLost || sharing.length > allocated / 2) return []
  const start = file.size
  file.size += sharing.length * geometry.clusterSize
  for (const [at, { table, index }] of sharing.entries()) {
    const from = file.entry(await file.page(l2Pages, table, index), index)
    await copyBytes(file, from, start + at * geometry.clusterSize, geometry.clusterSize)
    await pace?.(0)
  }
  await storage.flush()
  for (const [at, { table, index }] of sharing.entries())
    file.setEntry(l2Pages, await file.page(l2Pages, table, index), index, start + at * geometry.clusterSize)
  await l2Pages.writeBack()
  await storage.flush()
  return [
    sharing.length === 1
      ? 'A cluster that was used twice was copied, and each use has one of its own.'
      : `${sharing.length} clusters that were used twice were copied, and each use has one of its own.`,
  ]
}
