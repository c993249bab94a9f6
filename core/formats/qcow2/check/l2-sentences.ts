// What a check says of the entries of L2 tables, and where in the file and on the disk they are.

import { L1_ENTRY_SIZE } from '../layout.ts'
import type { CheckedImage } from './checked-image.ts'
import type { FindingFacts } from '../../../image/findings.ts'
import type { L2Problem, L2ProblemCode } from './walk-l2.ts'

/** What an L2 table is part of. */
export interface TableOwner {
  /** First byte of the disk it is for. */
  readonly guestOffset: number
  /** Undefined for the disk as it is now. */
  readonly snapshot?: string
}

export function l2Finding(
  image: CheckedImage,
  problem: L2Problem,
  tableOffset: number,
  owner: TableOwner | undefined,
): FindingFacts {
  const place = tableOffset + problem.index * image.geometry.entrySize
  const guestOffset = owner && owner.guestOffset + problem.index * image.geometry.clusterSize
  const onDisk = guestOffset !== undefined && guestOffset < image.virtualSize
  const clause = CLAUSES[problem.code](problem.offset, image)
  return {
    code: problem.code,
    message: `The L2 entry at offset ${place}${owner ? `, for ${subject(owner, guestOffset, onDisk)},` : ''} ${clause}.`,
    hostOffset: place,
    ...(onDisk && { guestOffset }),
  }
}

export function subject(owner: TableOwner, guestOffset: number | undefined, onDisk: boolean): string {
  const what = onDisk ? `the disk’s bytes from ${guestOffset} on` : 'saved machine state'
  return owner.snapshot === undefined ? what : `${what} in snapshot ${owner.snapshot}`
}

const COPIED = 0x8000_0000

type Clause = (offset: number, image: CheckedImage) => string

const CLAUSES: Readonly<Record<L2ProblemCode, Clause>> = {
  'l2-reserved-bits': () => 'has bits set that have no meaning, so the rest of it cannot be trusted',
  'l2-unaligned': (offset) => `leads to offset ${offset}, which is not a cluster boundary`,
  'l2-past-end': (offset, { size }) =>
    `leads to offset ${offset}, past the end of the file at ${size}: what it held is not in this file`,
  'l2-flags-without-place': () => 'is marked as in use and leads nowhere',
  'l2-subclusters-contradict': () => 'calls a subcluster both zeros and data',
  'l2-subclusters-without-place': () => 'says that subclusters hold data and leads nowhere',
  'l2-zero-flag-in-version-2': () => 'is marked as zeros, which version 2 of the format does not know',
  'l2-compressed-copied': () => 'is compressed and marked as writable in place, which exclude each other',
  'l2-compressed-with-subclusters': () => 'is compressed and has subclusters, which exclude each other',
  'l2-compressed-in-data-file': () => 'is compressed, which data in a data file cannot be',
  'l2-compressed-past-end': (offset, { size }) =>
    `leads to compressed data at offset ${offset} that would reach past the end of the file at ${size}`,
  'l2-compressed-place': (offset) => `leads to compressed data at offset ${offset}, inside the header`,
  'l2-data-file-place': (offset) =>
    `leads to offset ${offset} of the data file, where other bytes of the disk have their place`,
}

/** A flag that is wrong in the entry `index` of an L1 or L2 table. The view is read at once. */
export function flagFinding(
  image: CheckedImage,
  kind: 'l1' | 'l2',
  view: DataView,
  index: number,
  tableOffset: number,
): (owner: TableOwner | undefined) => FindingFacts {
  const { geometry, virtualSize } = image
  const size = kind === 'l1' ? L1_ENTRY_SIZE : geometry.entrySize
  const span = kind === 'l1' ? geometry.tableSpan : geometry.clusterSize
  const place = tableOffset + index * size
  const copied = view.getUint32(index * size) >= COPIED
  return (owner) => {
    const guestOffset = owner && owner.guestOffset + index * span
    const onDisk = guestOffset !== undefined && guestOffset < virtualSize
    const clause = copied
      ? 'says that nothing else uses what it leads to, and it is not counted so: writing there could change other data'
      : 'does not say that nothing else uses what it leads to, although it is counted so'
    return {
      code: copied ? 'copied-flag-set' : 'copied-flag-missing',
      message: `The ${kind.toUpperCase()} entry at offset ${place}${owner ? `, for ${subject(owner, guestOffset, onDisk)},` : ''} ${clause}.`,
      hostOffset: place,
      ...(onDisk && { guestOffset }),
    }
  }
}
