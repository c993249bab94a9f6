// One look at everything: both copies of what there are two of, the log, and the place of every block.

import { Findings } from '../../../image/findings.ts'
import type { Pace } from '../../../jobs/pace.ts'
import type { CheckReport } from '../../../model/check.ts'
import type { Storage } from '../../../storage/storage.ts'
import { HEADER_OFFSETS, REGION_TABLE_OFFSETS } from '../layout.ts'
import { openForReading } from '../open.ts'
import type { Opened } from '../open.ts'
import { readRegionCopy } from '../regions.ts'
import { walkTable } from './walk-table.ts'
import type { TableFacts } from './walk-table.ts'

export interface Examined {
  readonly opened: Opened
  readonly findings: Findings
  /** Copies of the region table that are damaged, or older than the other one; by their offsets. */
  readonly wrongRegionCopies: readonly number[]
  readonly table: TableFacts
  /** Bytes at the end of the file that take room and that nothing leads to. */
  readonly unusedTail: number
}

/** `pace` is told the bytes of the disk that have been looked at. Throws when headers or metadata make no sense. */
export async function examine(storage: Storage, pace: Pace = () => undefined): Promise<Examined> {
  const opened = await openForReading(storage)
  const findings = new Findings()
  tellHeaders(opened, findings)
  const wrongRegionCopies = await compareRegionCopies(opened, findings)
  tellLog(opened, findings)
  const table = await walkTable(opened.file, findings, pace)
  const unusedTail = await tellUnusedTail(opened, table, findings)
  return { opened, findings, wrongRegionCopies, table, unusedTail }
}

export function reportOf({ opened, findings, table }: Examined): CheckReport {
  const { blockSize, blockCount } = opened.file.geometry
  return {
    findings: findings.list(),
    unlisted: findings.unlisted(),
    totals: {
      imageEndOffset: table.end,
      totalClusters: blockCount,
      allocatedClusters: table.allocated,
      fragmentedClusters: table.fragmented,
      compressedClusters: 0,
      corruptions: findings.count('error'),
      leaks: findings.count('leak'),
      checkErrors: 0,
    },
    clusterSize: blockSize,
  }
}

function tellHeaders({ file }: Opened, findings: Findings): void {
  for (const offset of file.headers.damaged) {
    const which = offset === HEADER_OFFSETS[0] ? 'first' : 'second'
    const message = `The ${which} header, at offset ${offset}, is damaged; the other one is intact. A repair writes both anew.`
    findings.add('error', 1, () => ({ code: 'header-damaged', message, hostOffset: offset }))
  }
}

async function compareRegionCopies({ file }: Opened, findings: Findings): Promise<readonly number[]> {
  const [first, second] = await Promise.all(REGION_TABLE_OFFSETS.map((offset) => readRegionCopy(file.content, offset)))
  const tell = (which: string, hostOffset: number, what: string): readonly number[] => {
    const message = `The ${which} copy of the region table, at offset ${hostOffset}, ${what}. A repair writes it anew.`
    findings.add('error', 1, () => ({ code: 'region-table-damaged', message, hostOffset }))
    return [hostOffset]
  }
  if (!first) return tell('first', REGION_TABLE_OFFSETS[0], 'is damaged; the other one is intact')
  if (!second) return tell('second', REGION_TABLE_OFFSETS[1], 'is damaged; the other one is intact')
  if (Buffer.compare(first, second) === 0) return []
  return tell('second', REGION_TABLE_OFFSETS[1], 'says something else than the first one, which counts')
}

function tellLog({ file, log }: Opened, findings: Findings): void {
  const hostOffset = file.headers.current.log_offset
  if (log.kind === 'pending') {
    const message = `It was not closed in order: its log holds ${log.pending.changeCount} changes that are yet to be put in their places. What is shown has them already; the next program to write does that, or a repair.`
    findings.add('note', 1, () => ({ code: 'log-pending', message, hostOffset }))
  }
  if (log.kind !== 'damaged') return
  const message =
    'It was not closed in order, and its log, which should hold the changes that were under way, is damaged: they are lost. Where nothing else is wrong, a repair empties the log.'
  findings.add('error', 1, () => ({ code: 'log-damaged', message, hostOffset }))
}

async function tellUnusedTail({ file, log }: Opened, table: TableFacts, findings: Findings): Promise<number> {
  const { size, storage, geometry } = file
  // Where damage is, what it led to may be there.
  if (log.kind !== 'empty' || table.isReferenceLost || table.end >= size) return 0
  const { hole, length } = await storage.segment(table.end)
  if (hole && table.end + length >= size) return 0
  const unused = size - table.end
  const count = Math.ceil(unused / geometry.blockSize)
  const message = `Nothing leads to the last ${unused} bytes of the file, from offset ${table.end} on.`
  findings.add('leak', count, () => ({ code: 'unused-tail', message, hostOffset: table.end }))
  return unused
}
