// Create options: qemu-img's names, with what people are told of them, and what follows from them for a new image.

import type { CreateSpec } from '../../image/driver.ts'
import { completeOptions } from '../../image/options.ts'
import { SpindleError } from '../../model/error.ts'
import type { OptionTable } from '../../model/option.ts'
import { formatSize, roundUp } from '../../model/units.ts'
import { exactGeometry, geometrySize, maxSizeOf } from './geometry.ts'
import type { DiskGeometry } from './geometry.ts'
import { BLOCK_SIZE, MIN_BLOCK_SIZE, SECTOR } from './layout.ts'

export const options: OptionTable = [
  {
    kind: 'choice',
    name: 'subformat',
    title: 'Allocation',
    help: 'Dynamic files grow as the guest writes; fixed ones are as large as the disk from the start, which is what Azure takes.',
    default: 'dynamic',
    choices: [
      { value: 'dynamic', title: 'Grow as used' },
      { value: 'fixed', title: 'Fixed size' },
    ],
  },
  {
    kind: 'boolean',
    name: 'force_size',
    title: 'Exact size',
    help: 'On, which is the default here but not in QEMU, the disk has exactly the size asked for; Azure needs that, and whole MiB. Off, it is rounded up to whole cylinders for Virtual PC.',
    default: true,
    advanced: true,
  },
  {
    kind: 'size',
    name: 'block_size',
    title: 'Block size',
    help: 'The unit in which a dynamic file grows; Hyper-V and Azure know 2 MiB and 512 KiB only.',
    default: BLOCK_SIZE,
    min: MIN_BLOCK_SIZE,
    max: BLOCK_SIZE,
    powerOfTwo: true,
    hidden: true,
  },
]

/** What is to be built. */
export interface Design {
  readonly subformat: 'dynamic' | 'fixed'
  /** Bytes, whole sectors. */
  readonly virtualSize: number
  readonly geometry: DiskGeometry
  readonly blockSize: number
}

/** Throws `invalid-argument`. */
export function designOf(spec: CreateSpec): Design {
  const values = completeOptions(options, spec.options)
  const subformat = values['subformat'] === 'fixed' ? 'fixed' : 'dynamic'
  const wanted = roundUp(spec.virtualSize, SECTOR)
  const limit = maxSizeOf(subformat === 'fixed')
  if (!Number.isSafeInteger(wanted) || wanted < 0 || wanted > limit.bytes)
    throw new SpindleError(
      'invalid-argument',
      `A ${subformat} VHD can have ${limit.words} at most, and ${formatSize(spec.virtualSize)} are asked for. Make it smaller, or choose VHDX.`,
    )
  const virtualSize = values['force_size'] === true ? wanted : geometrySize(wanted)
  return {
    subformat,
    virtualSize,
    geometry: exactGeometry(virtualSize),
    blockSize: Number(values['block_size']),
  }
}
