// Findings about entries of L2 tables, held back until it is known which part of which disk their tables are for.

import { L1_ENTRY_SIZE } from '../layout.ts'
import type { Examination } from './examination.ts'
import type { FindingFacts } from '../../../image/findings.ts'
import type { TableOwner } from './l2-sentences.ts'
import { isReadFailure } from './read-tables.ts'
import { readSnapshotL1 } from './snapshot-entries.ts'
import { l1Target } from './walk-l1.ts'

interface Held {
  readonly tableOffset: number
  readonly count: number
  readonly describe: (owner: TableOwner | undefined) => FindingFacts
}

export class OwnedFindings {
  readonly #examination: Examination
  #held: Held[] = []

  constructor(examination: Examination) {
    this.#examination = examination
  }

  /** An error in an entry of the table; `count` is how often the table is in use. */
  add(tableOffset: number, count: number, describe: (owner: TableOwner | undefined) => FindingFacts): void {
    const { findings } = this.#examination
    if (findings.hasRoom('error', this.#held.length)) this.#held.push({ tableOffset, count, describe })
    else findings.addUnlisted('error', count)
  }

  /** Looks for the owners of all tables at once, and hands the findings on. */
  async settle(): Promise<void> {
    if (this.#held.length === 0) return
    const owners = new Map<number, TableOwner | undefined>(this.#held.map((held) => [held.tableOffset, undefined]))
    await this.#findOwners(owners)
    for (const { tableOffset, count, describe } of this.#held)
      this.#examination.findings.add('error', count, () => describe(owners.get(tableOffset)))
    this.#held = []
  }

  async #findOwners(owners: Map<number, TableOwner | undefined>): Promise<void> {
    const { image, l1, snapshots } = this.#examination
    const { tableSpan } = image.geometry
    let missing = owners.size
    const look = (view: DataView, first: number, snapshot?: string): void => {
      for (let index = 0; index < view.byteLength / L1_ENTRY_SIZE; index += 1) {
        const offset = l1Target(view, index)
        if (offset === 0 || !owners.has(offset) || owners.get(offset)) continue
        owners.set(offset, {
          guestOffset: (first + index) * tableSpan,
          ...(snapshot !== undefined && { snapshot }),
        })
        missing -= 1
      }
    }
    look(l1, 0)
    for (const entry of snapshots.entries) {
      if (missing === 0) return
      try {
        for await (const { view, first } of readSnapshotL1(image, entry)) look(view, first, entry.title)
      } catch (error) {
        // Told when it was read for the first time.
        if (!isReadFailure(error)) throw error
      }
    }
  }
}
