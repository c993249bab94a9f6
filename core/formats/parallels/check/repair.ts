// Repairing: clusters that share a place get one each, what nothing uses is cut off, and the mark of use comes off.

import type { Pace } from '../../../jobs/pace.ts'
import type { RepairMode, RepairReport } from '../../../model/check.ts'
import { MiB, roundUp } from '../../../model/units.ts'
import { readPadded } from '../../../storage/storage.ts'
import type { Storage } from '../../../storage/storage.ts'
import { ENTRY_SIZE, HEADER, IN_USE, NOT_IN_USE } from '../layout.ts'
import { placeIn } from '../open.ts'
import { examine, reportOf } from './examine.ts'
import type { Examined } from './examine.ts'

export async function repair(storage: Storage, mode: RepairMode, pace?: Pace): Promise<RepairReport> {
  const before = await examine(storage, pace)
  const repaired: string[] = []
  let examined = before
  for (const step of mode === 'all' ? [partClusters, cutEnd, takeMarkOff] : [cutEnd]) {
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

/** Clusters that lie over others are read as what lies there: that they keep, in a place of their own. */
async function partClusters(
  storage: Storage,
  { opened, table, doubled, end, isDamaged }: Examined,
  pace?: Pace,
): Promise<string | undefined> {
  if (doubled.length === 0) return undefined
  const { clusterSize, unit, size, header } = opened
  // What looks unused behind the last cluster may be what a damaged entry, or the extension, leads to.
  let place = roundUp(isDamaged || header.extension_offset !== 0 ? size : end, unit)
  for (const cluster of doubled) {
    await copy(storage, placeIn(table, opened, cluster), place, clusterSize)
    await storage.flush()
    const entry = new DataView(new ArrayBuffer(ENTRY_SIZE))
    entry.setUint32(0, place / unit, true)
    await storage.write(HEADER.size + cluster * ENTRY_SIZE, new Uint8Array(entry.buffer))
    place += roundUp(clusterSize, unit)
    await pace?.(0)
  }
  return doubled.length === 1
    ? 'One cluster that lay over another was given a place of its own, with what is read from it.'
    : `${doubled.length} clusters that lay over others were given places of their own, with what is read from them.`
}

/** While something that leads to data is damaged nothing is freed: it may be that data. */
async function cutEnd(storage: Storage, { findings, isDamaged, end }: Examined): Promise<string | undefined> {
  const leaks = findings.count('leak')
  if (leaks === 0) return undefined
  if (isDamaged) {
    const message = 'What nothing leads to was kept: damaged entries may have led there.'
    findings.add('note', 1, () => ({ code: 'leaks-kept', message }))
    return undefined
  }
  await storage.truncate(end)
  return leaks === 1 ? 'The room of one cluster was given back.' : `The room of ${leaks} clusters was given back.`
}

/** Bitmaps that an extension may hold are no longer vouched for by this. */
async function takeMarkOff(storage: Storage, { opened, findings }: Examined): Promise<string | undefined> {
  if (opened.header.in_use !== IN_USE || findings.count('error') > 1) return undefined
  const word = new DataView(new ArrayBuffer(4))
  word.setUint32(0, NOT_IN_USE, true)
  await storage.write(HEADER.fields.in_use.offset, new Uint8Array(word.buffer))
  return 'The mark that the image was not closed was taken off.'
}

async function copy(storage: Storage, from: number, to: number, length: number): Promise<void> {
  const buffer = new Uint8Array(Math.min(MiB, length))
  for (let done = 0; done < length; done += buffer.length) {
    const part = buffer.subarray(0, length - done)
    await readPadded(storage, from + done, part)
    await storage.write(to + done, part)
  }
}
