// Snapshots as info and snapshot list them, and finding the one a user means.

import { SpindleError } from '../model/error.ts'
import type { SnapshotFacts } from '../model/image.ts'
import { sizeText } from './wording.ts'

/** qemu-img 10's table. */
export function snapshotLines(snapshots: readonly SnapshotFacts[]): readonly string[] {
  return ['Snapshot list:', snapshotLine(COLUMNS), ...snapshots.map(snapshotText)]
}

/** Which of two snapshots is meant by a text that is the id of the one and the name of the other. */
export type IdOrName = 'id first' | 'name first'

/** Undefined when there is none. Throws `invalid-argument` for a name that several have. */
export function snapshotMeant(
  text: string,
  snapshots: readonly SnapshotFacts[],
  order: IdOrName,
): SnapshotFacts | undefined {
  const byId = snapshots.find(({ id }) => id === text)
  if (order === 'id first' && byId) return byId
  const [byName, ...others] = snapshots.filter(({ name }) => name === text)
  if (!byName) return byId
  if (others.length === 0) return byName
  const ids = [byName, ...others].map(({ id }) => id).join(', ')
  throw new SpindleError(
    'invalid-argument',
    `${others.length + 1} snapshots are named '${text}'; say which one by its id: ${ids}`,
  )
}

const COLUMNS = ['ID', 'TAG', 'VM_SIZE', 'DATE', 'VM_CLOCK', 'ICOUNT']
/** Negative: aligned to the left. */
const WIDTHS = [-7, -16, 8, 19, 15, 10]

function snapshotLine(cells: readonly string[]): string {
  return cells
    .map((cell, index) => {
      const width = WIDTHS[index] ?? 0
      // As C does, by bytes.
      const blanks = ' '.repeat(Math.max(0, Math.abs(width) - Buffer.byteLength(cell)))
      return width < 0 ? cell + blanks : blanks + cell
    })
    .join(' ')
}

function snapshotText({ id, name, vmStateSize, createdAt, vmClockNanoseconds, icount }: SnapshotFacts): string {
  const count = icount === undefined ? '--' : String(icount)
  return snapshotLine([id, name, sizeText(vmStateSize), localTime(createdAt), clockText(vmClockNanoseconds), count])
}

function localTime(milliseconds: number): string {
  const time = new Date(milliseconds)
  const day = [time.getFullYear(), pad(time.getMonth() + 1, 2), pad(time.getDate(), 2)].join('-')
  return `${day} ${pad(time.getHours(), 2)}:${pad(time.getMinutes(), 2)}:${pad(time.getSeconds(), 2)}`
}

function clockText(nanoseconds: number): string {
  const milliseconds = Math.floor(nanoseconds / 1e6)
  const hours = pad(milliseconds / 3_600_000, 4)
  const minutes = pad((milliseconds / 60_000) % 60, 2)
  return `${hours}:${minutes}:${pad((milliseconds / 1000) % 60, 2)}.${pad(milliseconds % 1000, 3)}`
}

function pad(value: number, width: number): string {
  return String(Math.floor(value)).padStart(width, '0')
}
