// One round of putting right counts, flags and the snapshot table.

import { formatSize } from '../../../model/units.ts'
import { isCountedOnce } from './compare.ts'
import type { Examined } from './examine.ts'
import type { IsOnce } from './flags.ts'
import { rebuildCounts } from './rebuild.ts'
import { clearStrayOffset, planSnapshotTable, writeSnapshotTable } from './repair-snapshots.ts'
import { writeCounts } from './write-counts.ts'
import { writeFlags } from './write-flags.ts'

/** Frees what nothing uses, and nothing else. Returns what was done, one sentence each. */
export async function freeLeaks(examined: Examined): Promise<readonly string[]> {
  const { examination, disk, differences } = examined
  // While something that led to data is damaged, that data may be what nothing leads to now.
  if (differences.leaks === 0 || examination.isReferenceLost || disk.needsRebuild) return []
  await writeCounts(examined, { raise: false, lower: true })
  const sentences = [freed(examined)]
  if (examination.findings.count('error') > 0) return sentences
  // What was counted twice by mistake is counted once now, and its entry must say so.
  return [...sentences, ...flagsSet(await writeFlags(examination, onceAfter(examined, { keepLeaks: false })))]
}

/** Puts right all that can be. Returns what was done, one sentence each. */
export async function repairTables(examined: Examined): Promise<readonly string[]> {
  const { examination, disk, differences } = examined
  const keepLeaks = examination.isReferenceLost
  const snapshots = await planSnapshotTable(examined)
  const mustRebuild = disk.needsRebuild || differences.hasUncounted
  const counted = mustRebuild ? await rebuild(examined, keepLeaks) : await correct(examined, keepLeaks)
  const stray = await clearStrayOffset(examination.image)
  if (!counted) return stray
  const sentences = [...counted, ...stray]
  if (examination.areFlagsWrong || sentences.length > 0) {
    const isOnce = onceAfter(examined, { keepLeaks, isRebuilt: mustRebuild })
    sentences.push(...flagsSet(await writeFlags(examination, isOnce)))
  }
  if (snapshots) {
    await writeSnapshotTable(examination.image, snapshots)
    sentences.push(
      snapshots.completed === 1
        ? 'One snapshot did not say how large the disk was; the size it has today was put there.'
        : `${snapshots.completed} snapshots did not say how large the disk was; the size it has today was put there.`,
    )
  }
  return sentences
}

/** Undefined when it cannot be done: then no table can be changed either. */
async function rebuild(examined: Examined, keepLeaks: boolean): Promise<readonly string[] | undefined> {
  const rebuilt = await rebuildCounts(examined, keepLeaks)
  if (typeof rebuilt !== 'string')
    return [
      `The refcount table and ${rebuilt.blocks === 1 ? 'its block' : `its ${rebuilt.blocks} blocks`} were made anew at the end of the file.`,
    ]
  const message = `The reference counts cannot be made anew: ${rebuilt}. Convert the image into a new one.`
  examined.examination.findings.add('note', 1, () => ({ code: 'not-rebuilt', message }))
  return undefined
}

async function correct(examined: Examined, keepLeaks: boolean): Promise<readonly string[]> {
  const { errors, leaks, blocks } = examined.differences
  if (blocks.size === 0) return []
  await writeCounts(examined, { raise: true, lower: !keepLeaks })
  return [
    ...(errors === 0
      ? []
      : errors === 1
        ? ['One reference count that was too low was put right.']
        : [`${errors} reference counts that were too low were put right.`]),
    ...(leaks === 0 || keepLeaks ? [] : [freed(examined)]),
  ]
}

/** Whether a cluster will be counted exactly once when the counts are right. */
function onceAfter(
  examined: Examined,
  { keepLeaks, isRebuilt = false }: { readonly keepLeaks: boolean; readonly isRebuilt?: boolean },
): IsOnce {
  const { examination, disk, differences } = examined
  const { counts, image } = examination
  return (cluster) => {
    // Past the end of the file nothing is changed, unless all is made anew.
    if (!isRebuilt && cluster >= image.fileClusters) return isCountedOnce(cluster, examination, disk, differences)
    return Math.min(counts.get(cluster), disk.access.max) === 1 && !(keepLeaks && differences.over.has(cluster))
  }
}

function freed({ examination, differences: { leaks } }: Examined): string {
  const size = formatSize(leaks * examination.image.geometry.clusterSize)
  return leaks === 1
    ? `One leaked cluster is free again (${size}).`
    : `${leaks} leaked clusters are free again (${size}).`
}

function flagsSet(changed: number): readonly string[] {
  if (changed === 0) return []
  return [
    changed === 1
      ? 'One table entry said wrongly whether something else uses what it leads to; it is right now.'
      : `${changed} table entries said wrongly whether something else uses what they lead to; they are right now.`,
  ]
}
