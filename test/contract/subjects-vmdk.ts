// VMDK images the contract is held against.

import { KiB, MiB } from '../../core/model/units.ts'
import type { Subject } from './subjects.ts'

const SIZE = 3 * MiB + 5 * 512

export const VMDK_SUBJECTS: readonly Subject[] = [
  vmdk('growing', SIZE, {}),
  vmdk('growing, more than one table', 33 * MiB + 512, {}),
  vmdk('zeroed grains', SIZE, { zeroed_grain: true }),
  vmdk('in pieces', SIZE, { subformat: 'twoGbMaxExtentSparse' }),
  vmdk('flat', SIZE, { subformat: 'monolithicFlat' }),
  vmdk('flat in pieces', SIZE, { subformat: 'twoGbMaxExtentFlat' }),
  vmdk('over a VMDK', SIZE, {}, SIZE),
  vmdk('zeroed grains over a shorter VMDK', SIZE, { zeroed_grain: true }, SIZE - 700 * KiB - 512),
]

export const VMDK_CRASH_SUBJECTS: readonly Subject[] = [
  vmdk('growing', 2 * MiB, {}),
  vmdk('zeroed grains over a VMDK', 2 * MiB, { zeroed_grain: true }, 2 * MiB),
]

function vmdk(words: string, size: number, options: Subject['options'], below?: number): Subject {
  const flat = String(options['subformat']).endsWith('Flat')
  return {
    name: `vmdk, ${words}`,
    format: 'vmdk',
    options,
    size,
    block: 64 * KiB,
    packs: false,
    ...(flat && { flat: true }),
    ...(below !== undefined && { backing: { format: 'vmdk', size: below } }),
  }
}
