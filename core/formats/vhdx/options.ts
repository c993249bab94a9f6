// Create options: qemu-img's names and defaults, with what people are told of them.

import type { CreateSpec } from '../../image/driver.ts'
import { completeOptions } from '../../image/options.ts'
import { SpindleError } from '../../model/error.ts'
import type { OptionTable } from '../../model/option.ts'
import { GiB, KiB, MiB, TiB, formatSize, isPowerOfTwo, roundUp } from '../../model/units.ts'
import { geometryOf, tableLength } from './geometry.ts'
import type { Geometry } from './geometry.ts'
import { ALIGNMENT, FILE_FLAG, MAX_BLOCK_SIZE, MAX_VIRTUAL_SIZE, MIN_BLOCK_SIZE } from './layout.ts'
import type { Region } from './regions.ts'

const SECTOR = 512

export const options: OptionTable = [
  {
    kind: 'choice',
    name: 'subformat',
    title: 'Allocation',
    help: 'Whether the file grows as the guest writes, or has a place for everything from the beginning.',
    default: 'dynamic',
    choices: [
      { value: 'dynamic', title: 'Grow as used' },
      { value: 'fixed', title: 'Fixed size' },
    ],
  },
  {
    kind: 'size',
    name: 'block_size',
    title: 'Block size',
    help: 'The unit of allocation, a power of two from 1 MiB to 256 MiB; 0 takes what suits the size of the disk.',
    default: 0,
    min: 0,
    max: MAX_BLOCK_SIZE,
    advanced: true,
  },
  {
    kind: 'size',
    name: 'log_size',
    title: 'Log size',
    help: 'Room for changes that are under way, in whole MiB; 1 MiB is enough for nearly everything.',
    default: MiB,
    min: MiB,
    max: 4 * GiB - MiB,
    advanced: true,
  },
  {
    kind: 'boolean',
    name: 'block_state_zero',
    title: 'Mark empty blocks as zeros',
    help: 'Says of every new block that it holds zeros, instead of saying that there is nothing; they read the same.',
    default: true,
    advanced: true,
  },
  {
    kind: 'number',
    name: 'logical_sector_size',
    title: 'Sector size',
    help: 'What the guest’s disk counts in: 512 bytes, or 4096 for guests that can start from such disks.',
    default: SECTOR,
    values: [SECTOR, 4 * KiB],
    advanced: true,
  },
]

/** What is to be built, all contradictions ruled out. Bytes. */
export interface Design {
  readonly geometry: Geometry
  readonly flags: number
  readonly blockState: 'zero' | 'notPresent'
  readonly log: Pick<Region, 'offset' | 'length'>
  readonly metadata: Pick<Region, 'offset' | 'length'>
  readonly bat: Pick<Region, 'offset' | 'length'>
  /** Where blocks are from. */
  readonly dataStart: number
}

/** Checks a spec and works it out. Throws `invalid-argument`. */
export function designOf(spec: CreateSpec): Design {
  const values = completeOptions(options, spec.options)
  const asked = Number(values['block_size'])
  const logSize = Number(values['log_size'])
  const sectorSize = Number(values['logical_sector_size'])
  const isFixed = values['subformat'] === 'fixed'
  const virtualSize = roundUp(spec.virtualSize, SECTOR)
  if (spec.backing) refuse('Spindle cannot make VHDX images that lie on another image. Use QCOW2 for that.')
  if (spec.compress === true) refuse('Data in a VHDX image cannot be compressed.')
  if (!Number.isSafeInteger(virtualSize) || virtualSize < 0) refuse(`${spec.virtualSize} bytes is no size for a disk.`)
  if (virtualSize > MAX_VIRTUAL_SIZE)
    refuse(`A VHDX image can hold a disk of ${formatSize(MAX_VIRTUAL_SIZE)} at most, not ${formatSize(virtualSize)}.`)
  if (virtualSize % sectorSize !== 0)
    refuse(`A disk of ${virtualSize} bytes is no whole number of sectors of ${sectorSize} bytes.`)
  if (asked !== 0 && (!isPowerOfTwo(asked) || asked < MIN_BLOCK_SIZE))
    refuse(`block_size=${asked} cannot be: it must be a power of two between 1 MiB and 256 MiB, or 0.`)
  if (logSize % ALIGNMENT !== 0) refuse(`log_size=${logSize} cannot be: it must be a whole number of MiB.`)
  const blockSize = asked === 0 ? suitableBlockSize(virtualSize) : asked
  const flags = isFixed ? FILE_FLAG.leaveBlocksAllocated : 0
  const geometry = geometryOf({ virtualSize, blockSize, sectorSize, flags })
  const log = { offset: ALIGNMENT, length: logSize }
  const metadata = { offset: log.offset + log.length, length: ALIGNMENT }
  const bat = { offset: metadata.offset + metadata.length, length: tableLength(geometry) }
  return {
    geometry,
    flags,
    blockState: values['block_state_zero'] === true ? 'zero' : 'notPresent',
    log,
    metadata,
    bat,
    dataStart: bat.offset + bat.length,
  }
}

/** The same as QEMU takes. */
function suitableBlockSize(virtualSize: number): number {
  if (virtualSize > 32 * TiB) return 64 * MiB
  if (virtualSize > 100 * GiB) return 32 * MiB
  return virtualSize > GiB ? 16 * MiB : 8 * MiB
}

function refuse(message: string): never {
  throw new SpindleError('invalid-argument', message)
}
