// VHDX images the contract is held against.

import { KiB, MiB } from '../../core/model/units.ts'
import type { Subject } from './subjects.ts'

const SIZE = 3 * MiB + 5 * 512

export const VHDX_SUBJECTS: readonly Subject[] = [
  vhdx('dynamic', SIZE, { block_size: MiB }),
  vhdx('fixed', SIZE, { subformat: 'fixed', block_size: MiB }),
  vhdx('large blocks, nothing said of empty ones', 5 * MiB + 512, { block_size: 4 * MiB, block_state_zero: false }),
  vhdx('sectors of 4096 bytes', 3 * MiB + 12 * KiB, {
    block_size: MiB,
    logical_sector_size: 4 * KiB,
    log_size: 2 * MiB,
  }),
]

export const VHDX_CRASH_SUBJECTS: readonly Subject[] = [
  vhdx('dynamic', 2 * MiB + 7 * 512, { block_size: MiB }),
  vhdx('fixed', MiB + 512, { subformat: 'fixed', block_size: MiB }),
]

function vhdx(words: string, size: number, options: Subject['options']): Subject {
  return { name: `vhdx, ${words}`, format: 'vhdx', options, size, block: Number(options['block_size']) }
}
