// One walk over an L1 table: the L2 tables it leads to are counted, what breaks a rule is told.

import { L1_ENTRY_SIZE } from '../layout.ts'
import { SAYS_COPIED, SAYS_SHARED } from './cluster-counts.ts'
import type { Examination } from './examination.ts'
import type { FindingFacts } from '../../../image/findings.ts'
import { subject } from './l2-sentences.ts'

const WORD = 2 ** 32
const COPIED = 0x8000_0000
const RESERVED_HIGH = 0x7f00_0000
const OFFSET_HIGH = 0x00ff_ffff
const RESERVED_LOW = 0x1ff

/** Some entries of the L1 table of the disk, or of the snapshot that is named. */
export interface L1Part {
  readonly view: DataView
  /** Host offset of the first entry in `view`, and its index in the whole table. */
  readonly offset: number
  readonly first: number
  readonly snapshot?: string
}

export function l1Target(view: DataView, index: number): number {
  const at = index * L1_ENTRY_SIZE
  return (view.getUint32(at) & OFFSET_HIGH) * WORD + ((view.getUint32(at + 4) & ~RESERVED_LOW) >>> 0)
}

export function isL1Copied(view: DataView, index: number): boolean {
  return view.getUint32(index * L1_ENTRY_SIZE) >= COPIED
}

/** Returns how many entries lead to no table. */
export function walkL1(part: L1Part, examination: Examination): number {
  const { image, counts, tables } = examination
  const { clusterSize } = image.geometry
  const { view, snapshot } = part
  const isActive = snapshot === undefined
  const entries = view.byteLength / L1_ENTRY_SIZE
  let empty = 0
  for (let index = 0; index < entries; index += 1) {
    const high = view.getUint32(index * L1_ENTRY_SIZE)
    const low = view.getUint32(index * L1_ENTRY_SIZE + 4)
    if (high === 0 && low === 0) {
      empty += 1
      continue
    }
    const offset = l1Target(view, index)
    const tell = (code: string, clause: string): void =>
      examination.damage(() => l1Finding(part, index, code, clause, examination))
    if (high & RESERVED_HIGH || low & RESERVED_LOW)
      tell('l1-reserved-bits', 'has bits set that have no meaning, so the rest of it cannot be trusted')
    if (offset === 0) {
      // Readers take it for an entry that leads nowhere; the flag may be all that is left of one that did.
      if (high >= COPIED) tell('l1-flag-without-place', 'is marked as in use and leads nowhere')
      empty += 1
      continue
    }
    if (offset % clusterSize !== 0)
      tell('l1-unaligned', `leads to an L2 table at offset ${offset}, which is not a cluster boundary`)
    if (offset >= image.size) {
      tell('l1-past-end', `leads to an L2 table at offset ${offset}, past the end of the file at ${image.size}`)
      examination.noteMissing(offset)
      if (isActive) examination.areFlagsWrong = true
      empty += 1
      continue
    }
    const cluster = Math.floor(offset / clusterSize)
    counts.add(cluster, 1, isActive ? (high >= COPIED ? SAYS_COPIED : SAYS_SHARED) : 0)
    if (offset % clusterSize !== 0) counts.add(cluster + 1, 1, 0)
    tables.add(offset, isActive)
  }
  return empty
}

function l1Finding(
  { offset, first, snapshot }: L1Part,
  index: number,
  code: string,
  clause: string,
  { image }: Examination,
): FindingFacts {
  const place = offset + index * L1_ENTRY_SIZE
  const guestOffset = (first + index) * image.geometry.tableSpan
  const onDisk = guestOffset < image.virtualSize
  const owner = { guestOffset, ...(snapshot !== undefined && { snapshot }) }
  return {
    code,
    message: `L1 entry ${first + index} at offset ${place}, for ${subject(owner, guestOffset, onDisk)}, ${clause}.`,
    hostOffset: place,
    ...(onDisk && { guestOffset }),
  }
}
