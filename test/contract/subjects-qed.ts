// QED images the contract is held against.

import { KiB, MiB } from '../../core/model/units.ts'
import type { Subject } from './subjects.ts'

const MIDDLE = 3 * MiB + 5 * 512
const SMALL_CLUSTERS = { cluster_size: 4 * KiB, table_size: 2 }

export const QED_SUBJECTS: readonly Subject[] = [
  qed('defaults', MIDDLE, {}),
  qed('many tables', 9 * MiB + 512, SMALL_CLUSTERS),
  qed('over a shorter raw disk', MIDDLE, { cluster_size: 16 * KiB }, { format: 'raw', size: MIDDLE - 700 * KiB - 512 }),
  qed('over qcow2', MIDDLE, { cluster_size: 32 * KiB }, { format: 'qcow2', size: MIDDLE + MiB }),
]

export const QED_CRASH_SUBJECTS: readonly Subject[] = [
  qed('many tables', 6 * MiB, SMALL_CLUSTERS),
  qed('over a raw disk', MiB, { cluster_size: 8 * KiB }, { format: 'raw', size: 700 * KiB }),
]

function qed(words: string, size: number, options: Subject['options'], backing?: Subject['backing']): Subject {
  const block = Number(options['cluster_size'] ?? 64 * KiB)
  return { name: `qed, ${words}`, format: 'qed', options, size, block, ...(backing && { backing }) }
}
