// VDI images the contract is held against.

import { KiB, MiB } from '../../core/model/units.ts'
import type { Subject } from './subjects.ts'

/** Small blocks, so that there are many of them; 1 MiB ones, which all others use, once. */
export const VDI_SUBJECTS: readonly Subject[] = [
  vdi('dynamic', 3 * MiB + 5 * 512, { cluster_size: 64 * KiB }),
  vdi('fixed', 3 * MiB + 5 * 512, { cluster_size: 64 * KiB, static: true }),
  vdi('the smallest blocks', 200 * KiB + 512, { cluster_size: 4 * KiB }),
  vdi('1 MiB blocks', 5 * MiB + 512, {}),
]

export const VDI_CRASH_SUBJECTS: readonly Subject[] = [
  vdi('dynamic', 512 * KiB, { cluster_size: 16 * KiB }),
  vdi('fixed', 256 * KiB, { cluster_size: 16 * KiB, static: true }),
]

function vdi(words: string, size: number, options: Subject['options']): Subject {
  const block = Number(options['cluster_size'] ?? MiB)
  return { name: `vdi, ${words}`, format: 'vdi', options, size, block }
}
