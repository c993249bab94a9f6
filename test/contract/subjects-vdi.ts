// VDI images the contract is held against.

import { KiB, MiB } from '../../core/model/units.ts'
import type { Subject } from './subjects.ts'

/** Small blocks, so that there are many of them; 1 MiB ones, which all others use, once. */
export const VDI_SUBJECTS: readonly Subject[] = []

export const VDI_CRASH_SUBJECTS: readonly Subject[] = []

export function vdi(words: string, size: number, options: Subject['options']): Subject {
  const block = Number(options['cluster_size'] ?? MiB)
  return { name: `vdi, ${words}`, format: 'vdi', options, size, block: Math.min(block, 64 * KiB) }
}
