// One look at all tables: which clusters are taken, and what of it breaks a rule.

import { ClusterSet } from '../../../image/cluster-set.ts'
import { Findings } from '../../../image/findings.ts'
import type { Pace } from '../../../jobs/pace.ts'
import type { CheckReport } from '../../../model/check.ts'
import { ENTRY_SIZE, FEATURE, HEADER, ZERO } from '../layout.ts'
import type { QedFile } from '../qed-file.ts'
import { l2Pages, tableRefs } from '../tables.ts'
import type { TableRef } from '../tables.ts'

/** An L2 entry, by its table and its place in that. */
export interface EntryRef {
  readonly table: number
  readonly index: number
}

export interface Examined {
  readonly file: QedFile
  readonly findings: Findings
  /** Entries whose cluster something else has already. */
  readonly sharing: readonly EntryRef[]
  /** Two L1 entries lead to one table, or some entry leads nowhere: what nothing leads to may be what it led to. */
  readonly isReferenceLost: boolean
  readonly allocated: number
  readonly fragmented: number
  /** Bytes: where the last cluster in use ends. */
  readonly end: number
}

/** More shared clusters than this are told of, and left to the next repair. */
const MOST_SHARING = 10_000

export async function examine(file: QedFile, pace?: Pace): Promise<Examined> {
  const examination = new Examination(file)
  const tables = await examination.claimTables()
  let told = 0
  for (const table of tables) {
    await examination.walkTable(table)
    const upTo = Math.min((table.index + 1) * file.geometry.tableSpan, file.virtualSize)
    await pace?.(Math.max(0, upTo - told))
    told = Math.max(told, upTo)
  }
  await pace?.(file.virtualSize - told)
  return examination.finish()
}

export function reportOf({ file, findings, allocated, fragmented, end }: Examined): CheckReport {
  const { clusterSize } = file.geometry
  if ((file.header.features & FEATURE.needCheck) !== 0n)
    findings.add('note', 1, () => ({
      code: 'need-check',
      message:
        'It was not closed in order, so it has to be looked through before it is written. A repair takes this mark off.',
      hostOffset: HEADER.fields.features.offset,
    }))
  return {
    findings: findings.list(),
    unlisted: findings.unlisted(),
    totals: {
      imageEndOffset: end,
      totalClusters: Math.ceil(file.virtualSize / clusterSize),
      allocatedClusters: allocated,
      fragmentedClusters: fragmented,
      compressedClusters: 0,
      corruptions: findings.count('error'),
      leaks: findings.count('leak'),
      checkErrors: 0,
    },
    clusterSize,
  }
}

class Examination {
  readonly #file: QedFile
  readonly #findings = new Findings()
  readonly #taken = new ClusterSet()
  readonly #sharing: EntryRef[] = []
  #isReferenceLost = false
  #allocated = 0
  #fragmented = 0
  /** In clusters. */
  #used: number
  #end: number

  constructor(file: QedFile) {
    const { clusterSize, tableClusters, tableSize } = file.geometry
    const { header_size, l1_table_offset } = file.header
    this.#file = file
    this.#taken.add(0, header_size)
    this.#taken.add(l1_table_offset / clusterSize, tableClusters)
    this.#used = header_size + tableClusters
    this.#end = Math.max(file.headerEnd, l1_table_offset + tableSize)
  }

  /** Claims the L2 tables before any data, and returns those that can be looked into. */
  async claimTables(): Promise<readonly TableRef[]> {
    const { geometry, header, size } = this.#file
    const { clusterSize, tableClusters, tableSize, tableSpan } = geometry
    const sound: TableRef[] = []
    for await (const ref of tableRefs(this.#file)) {
      const { index, offset } = ref
      const where = { hostOffset: header.l1_table_offset + index * ENTRY_SIZE, guestOffset: index * tableSpan }
      const entry = `L1 entry ${index}, for the guest’s bytes from ${where.guestOffset} on,`
      if (!this.#file.isTable(offset)) {
        this.#isReferenceLost = true
        const message = `${entry} leads to offset ${offset}, where no table can be in a file of ${size} bytes.`
        this.#findings.add('error', 1, () => ({ code: 'table-offset', message, ...where }))
        continue
      }
      const first = offset / clusterSize
      if (Array.from({ length: tableClusters }, (_, at) => first + at).some((one) => this.#taken.has(one))) {
        this.#isReferenceLost = true
        const message = `${entry} leads to a table at offset ${offset}, where another table is already.`
        this.#findings.add('error', 1, () => ({ code: 'shared-table', message, ...where }))
        continue
      }
      this.#taken.add(first, tableClusters)
      this.#used += tableClusters
      this.#end = Math.max(this.#end, offset + tableSize)
      sound.push(ref)
    }
    return sound
  }

  async walkTable({ index: tableIndex, offset: table }: TableRef): Promise<void> {
    const file = this.#file
    const { clusterSize } = file.geometry
    let previous = 0
    for await (const { page, first, end } of l2Pages(file, table)) {
      for (let index = first; index < end; index += 1) {
        const offset = file.entry(page, index)
        if (offset <= ZERO) continue
        this.#claim({ table, index }, tableIndex, offset)
        if (previous !== 0 && offset !== previous + clusterSize) this.#fragmented += 1
        previous = offset
      }
    }
  }

  finish(): Examined {
    const file = this.#file
    const leaks = file.size / file.geometry.clusterSize - this.#used
    if (leaks > 0) {
      const message = `${leaks} ${leaks === 1 ? 'cluster' : 'clusters'} of the file’s ${file.size} bytes nothing leads to.`
      this.#findings.add('leak', leaks, () => ({ code: 'leaked-clusters', message }))
    }
    return {
      file,
      findings: this.#findings,
      sharing: this.#sharing,
      isReferenceLost: this.#isReferenceLost,
      allocated: this.#allocated,
      fragmented: this.#fragmented,
      end: this.#end,
    }
  }

  #claim(ref: EntryRef, tableIndex: number, offset: number): void {
    const { geometry, size } = this.#file
    const { clusterSize, tableSpan } = geometry
    const where = {
      hostOffset: ref.table + ref.index * ENTRY_SIZE,
      guestOffset: tableIndex * tableSpan + ref.index * clusterSize,
    }
    const told = (code: string, what: string): void => {
      const message = `The L2 entry at offset ${where.hostOffset}, for the guest’s bytes from ${where.guestOffset} on, leads to offset ${offset}, ${what}.`
      this.#findings.add('error', 1, () => ({ code, message, ...where }))
    }
    if (!this.#file.isCluster(offset)) {
      this.#isReferenceLost = true
      told('cluster-offset', `where no cluster can be in a file of ${size} bytes`)
      return
    }
    this.#allocated += 1
    const cluster = offset / clusterSize
    if (this.#taken.has(cluster)) {
      if (this.#sharing.length < MOST_SHARING) this.#sharing.push(ref)
      told('shared-cluster', 'where something else is already: what is written to one changes the other')
      return
    }
    this.#taken.add(cluster)
    this.#used += 1
    this.#end = Math.max(this.#end, offset + clusterSize)
  }
}
