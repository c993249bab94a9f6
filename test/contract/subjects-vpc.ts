// VHD images the contract is held against.

import { KiB, MiB } from '../../core/model/units.ts'
import type { Subject } from './subjects.ts'

/** Small blocks, so that there are many of them; 2 MiB ones, which all others use, once. */
export const VPC_SUBJECTS: readonly Subject[] = [
  vpc('dynamic', 3 * MiB + 5 * 512, { block_size: 64 * KiB }),
  vpc('the smallest blocks', 200 * KiB + 512, { block_size: 4 * KiB }),
  vpc('2 MiB blocks', 5 * MiB + 512, {}),
  vpc('a size made of cylinders', 34 * 512 * 4 * 3, { force_size: false, block_size: 16 * KiB }),
  vpc('fixed', 200 * KiB + 512, { subformat: 'fixed' }),
]

export const VPC_CRASH_SUBJECTS: readonly Subject[] = [
  vpc('dynamic', 512 * KiB, { block_size: 16 * KiB }),
  vpc('fixed', 256 * KiB, { subformat: 'fixed' }),
]

function vpc(words: string, size: number, options: Subject['options']): Subject {
  const block = options['subformat'] === 'fixed' ? 4 * KiB : Number(options['block_size'] ?? 2 * MiB)
  return { name: `vpc, ${words}`, format: 'vpc', options, size, block }
}
