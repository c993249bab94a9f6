// Create options: qemu-img's names and defaults.

import type { CreateSpec } from '../../image/driver.ts'
import { completeOptions } from '../../image/options.ts'
import { SpindleError } from '../../model/error.ts'
import type { OptionTable } from '../../model/option.ts'
import { MiB, formatSize, roundUp } from '../../model/units.ts'
import { ENTRY_SIZE, MAX_BLOCKS, MAX_BLOCK_SIZE, MIN_BLOCK_SIZE, SECTOR, USUAL_BLOCK_SIZE } from './layout.ts'

/** As VirtualBox lays its images out: the map may grow to 256 GiB worth of blocks before any data has to move. */
const ALIGNMENT = MiB

export const options: OptionTable = [
  {
    kind: 'boolean',
    name: 'static',
    title: 'Fixed size',
    help: 'Sets room for the whole disk aside now, so that the file never grows.',
    default: false,
  },
  {
    kind: 'size',
    name: 'cluster_size',
    title: 'Block size',
    help: 'The unit of allocation. QEMU opens only images with the usual 1 MiB.',
    default: USUAL_BLOCK_SIZE,
    min: MIN_BLOCK_SIZE,
    max: MAX_BLOCK_SIZE,
    powerOfTwo: true,
    hidden: true,
  },
]

/** What is to be built. */
export interface Design {
  readonly fixed: boolean
  /** Bytes, whole sectors. */
  readonly virtualSize: number
  readonly blockSize: number
  readonly blocks: number
  readonly mapOffset: number
  readonly dataOffset: number
}

/** Throws `invalid-argument`. */
export function designOf(spec: CreateSpec): Design {
  const values = completeOptions(options, spec.options)
  const blockSize = Number(values['cluster_size'])
  const virtualSize = roundUp(spec.virtualSize, SECTOR)
  const blocks = Math.ceil(virtualSize / blockSize)
  if (!Number.isSafeInteger(virtualSize) || virtualSize < 0)
    throw new SpindleError('invalid-argument', `${spec.virtualSize} bytes is no size for a disk.`)
  if (blocks > MAX_BLOCKS)
    throw new SpindleError(
      'invalid-argument',
      `A VDI image with blocks of ${formatSize(blockSize)} can be ${formatSize(MAX_BLOCKS * blockSize)} large at most.`,
    )
  if (spec.backing)
    throw new SpindleError(
      'invalid-argument',
      'A VDI image knows what lies below it by UUID, and Spindle makes none so.',
    )
  if (spec.compress === true) throw new SpindleError('invalid-argument', 'VDI images cannot be compressed.')
  const dataOffset = roundUp(ALIGNMENT + blocks * ENTRY_SIZE, ALIGNMENT)
  return { fixed: values['static'] === true, virtualSize, blockSize, blocks, mapOffset: ALIGNMENT, dataOffset }
}
