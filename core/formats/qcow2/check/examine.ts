// One look at everything: what refers to what, how that is counted, and what of it breaks a rule.

import type { Pace } from '../../../jobs/pace.ts'
import { readPadded } from '../../../storage/storage.ts'
import type { Storage } from '../../../storage/storage.ts'
import { l1Bytes } from '../geometry.ts'
import { HEADER } from '../layout.ts'
import { claimBitmaps } from './bitmap-uses.ts'
import { openForCheck } from './checked-image.ts'
import { compareCounts, isCountedOnce } from './compare.ts'
import type { Differences } from './compare.ts'
import { DiskCounts } from './disk-counts.ts'
import { Examination } from './examination.ts'
import { findWrongFlags } from './flags.ts'
import { flagFinding, l2Finding } from './l2-sentences.ts'
import { tellOverlaps } from './overlaps.ts'
import { OwnedFindings } from './owned-findings.ts'
import { isReadFailure, readTables } from './read-tables.ts'
import { hasStrayOffset, l1Problem, readSnapshotEntries, readSnapshotL1 } from './snapshot-entries.ts'
import { l1Target, walkL1 } from './walk-l1.ts'
import { L2Walk } from './walk-l2.ts'

/** An examination that is complete. */
export interface Examined {
  readonly examination: Examination
  readonly disk: DiskCounts
  readonly differences: Differences
  /** Clusters of the disk as it is now. */
  readonly allocated: number
  readonly fragmented: number
  readonly compressed: number
}

/** Bytes of extra data that every snapshot has since version 3. */
export const NEEDED_EXTRA = 16
const PLACE_OF_SNAPSHOTS = HEADER.fields.snapshots_offset.offset

/** `pace` is told the bytes of the disk whose tables have been looked at. Throws when the header itself makes no sense. */
export async function examine(storage: Storage, pace: Pace = () => undefined): Promise<Examined> {
  const examination = new Examination(await openForCheck(storage), pace)
  // What its reader stumbles over may hide what it refers to.
  if (examination.image.refusal) examination.isReferenceLost = true
  examination.counts.add(0, 1, 0)
  await walkActiveL1(examination)
  await walkSnapshots(examination)
  const walk = await walkL2Tables(examination)
  const { encryption } = examination.image.extensions
  if (encryption) examination.claim(encryption.offset, encryption.length, 'The encryption header')
  await claimBitmaps(examination)
  const disk = await DiskCounts.read(examination)
  tellOverlaps(examination)
  const differences = await compareCounts(examination, disk)
  if (walk.sharedInDataFile) examination.areFlagsWrong = true
  if (examination.areFlagsWrong) await tellWrongFlags(examination, disk, differences)
  tellRefusal(examination)
  await examination.told(Infinity)
  const { allocated, fragmented, compressed } = walk
  return { examination, disk, differences, allocated, fragmented, compressed }
}

async function walkActiveL1(examination: Examination): Promise<void> {
  const { storage, header, geometry, hasL1 } = examination.image
  const { l1_table_offset: offset, l1_size: entries } = header
  if (!hasL1) {
    const message = `The L1 table, by which all data of the disk is found, would be at offset ${offset} with ${entries} entries, where none can be.`
    return examination.blindSpot('l1-table', message, offset)
  }
  examination.claim(offset, l1Bytes(entries), 'The L1 table')
  const bytes = new Uint8Array(l1Bytes(entries))
  try {
    await readPadded(storage, offset, bytes)
  } catch (error) {
    if (!isReadFailure(error)) throw error
    return examination.unreadable('The L1 table', offset, error)
  }
  examination.l1 = new DataView(bytes.buffer)
  const empty = walkL1({ view: examination.l1, offset, first: 0 }, examination)
  await examination.told(empty * geometry.tableSpan)
}

async function walkSnapshots(examination: Examination): Promise<void> {
  const { image, findings } = examination
  const { snapshots_offset: tableOffset } = image.header
  if (hasStrayOffset(image)) {
    const message = `The header names offset ${tableOffset} as the place of snapshots, which is none, and there are no snapshots; some programs refuse it for that.`
    findings.add('error', 1, () => ({ code: 'snapshot-offset', message, hostOffset: PLACE_OF_SNAPSHOTS }))
  }
  try {
    examination.snapshots = await readSnapshotEntries(image)
  } catch (error) {
    if (!isReadFailure(error)) throw error
    return examination.unreadable('The snapshot table', tableOffset, error)
  }
  const { entries, length, problem } = examination.snapshots
  examination.areSnapshotsSound = problem === undefined
  if (problem !== undefined)
    examination.blindSpot('snapshot-table', `The snapshot table at offset ${tableOffset} ${problem}.`, tableOffset)
  examination.claim(tableOffset, length, 'The snapshot table')
  if (entries.length > 0 && image.geometry.externalData)
    findings.add('error', 1, () => ({
      code: 'snapshots-with-data-file',
      message: `There are ${entries.length} snapshots, and an image with a data file cannot have any.`,
    }))
  const ids = new Set<string>()
  for (const entry of entries) {
    const { title, offset, extraSize, id } = entry
    const what = l1Problem(entry, image)
    if (image.geometry.version >= 3 && extraSize < NEEDED_EXTRA) {
      const message = `Snapshot ${title} does not say how large the disk was.`
      findings.add('error', 1, () => ({ code: 'snapshot-incomplete', message, hostOffset: offset }))
    }
    if (ids.has(id)) {
      const message = `Snapshot ${title} has the same id as another one.`
      findings.add('note', 1, () => ({ code: 'snapshot-id-twice', message, hostOffset: offset }))
    }
    ids.add(id)
    if (id === '') {
      const message = `The snapshot entry at offset ${offset} has no id, so it may be none.`
      examination.damage(() => ({ code: 'snapshot-without-id', message, hostOffset: offset }))
      examination.areSnapshotsSound = false
    }
    if (what !== undefined) {
      const message = `The L1 table of snapshot ${title} ${what}.`
      examination.damage(() => ({ code: 'snapshot-l1', message, hostOffset: offset }))
      examination.areSnapshotsSound = false
      continue
    }
    examination.claim(entry.l1Offset, l1Bytes(entry.l1Entries), `The L1 table of snapshot ${title}`)
    try {
      for await (const window of readSnapshotL1(image, entry)) {
        walkL1({ ...window, snapshot: title }, examination)
        await examination.told(0)
      }
    } catch (error) {
      if (!isReadFailure(error)) throw error
      examination.unreadable(`The L1 table of snapshot ${title}`, entry.l1Offset, error)
    }
  }
}

async function walkL2Tables(examination: Examination): Promise<L2Walk> {
  const { image, counts } = examination
  const { geometry } = image
  const uses = (examination.uses = examination.tables.finish())
  const guests = geometry.externalData ? guestOffsets(examination) : undefined
  const walk = new L2Walk(image, counts)
  const owned = new OwnedFindings(examination)
  for await (const piece of readTables(image.storage, uses.offsets, geometry.clusterSize)) {
    let done = 0
    for (let which = piece.first; which < piece.first + piece.count; which += 1) {
      const offset = uses.offsets[which] ?? 0
      const use = { active: uses.active[which] ?? 0, all: uses.all[which] ?? 0 }
      done += use.active
      if (piece.failure) {
        examination.unreadable('The L2 table', offset, piece.failure)
        continue
      }
      const problems = walk.walk(piece.view, offset - piece.offset, use, guests?.get(offset))
      if (problems.length > 0) examination.isReferenceLost = true
      if (problems.length > 0 && use.active > 0) examination.areFlagsWrong = true
      for (const problem of problems) {
        if (problem.code === 'l2-past-end' || problem.code === 'l2-compressed-past-end')
          examination.noteMissing(problem.offset)
        owned.add(offset, use.all, (owner) => l2Finding(image, problem, offset, owner))
      }
    }
    await examination.told(done * geometry.tableSpan)
  }
  await owned.settle()
  return walk
}

/** What the first entry of each L2 table is for. */
function guestOffsets({ l1, image }: Examination): Map<number, number> {
  const offsets = new Map<number, number>()
  for (let index = 0; index < image.header.l1_size && l1.byteLength > 0; index += 1) {
    const target = l1Target(l1, index)
    if (target !== 0 && !offsets.has(target)) offsets.set(target, index * image.geometry.tableSpan)
  }
  return offsets
}

async function tellWrongFlags(examination: Examination, disk: DiskCounts, differences: Differences): Promise<void> {
  const { image, findings } = examination
  const isOnce = (cluster: number): boolean | undefined => isCountedOnce(cluster, examination, disk, differences)
  const owned = new OwnedFindings(examination)
  for await (const { kind, offset, active, indexes, view } of findWrongFlags(examination, isOnce)) {
    for (const index of indexes) {
      const find = flagFinding(image, kind, view, index, offset)
      if (kind === 'l1') findings.add('error', 1, () => find({ guestOffset: 0 }))
      else owned.add(offset, active, find)
    }
  }
  await owned.settle()
}

/** Where nothing else was found wrong, what keeps the image from being opened is an error of its own. */
function tellRefusal({ image, findings }: Examination): void {
  const { refusal } = image
  if (!refusal) return
  const { message, offset } = refusal
  findings.add(findings.count('error') > 0 ? 'note' : 'error', 1, () => ({
    code: 'not-opened',
    message: `It cannot be opened as it is: ${message.replace(/ Nothing was changed\.$/, '')}`,
    ...(offset !== undefined && { hostOffset: offset }),
  }))
}
