// Create options: qemu-img's names, defaults and rules.

import type { CreateSpec } from '../../image/driver.ts'
import { completeOptions } from '../../image/options.ts'
import { SpindleError } from '../../model/error.ts'
import type { BackingRef } from '../../model/image.ts'
import type { OptionTable } from '../../model/option.ts'
import { KiB, formatSize, roundUp } from '../../model/units.ts'
import { geometryOf } from './geometry.ts'
import type { Geometry } from './geometry.ts'
import { backingNameProblem } from './header.ts'
import { MAX_CLUSTER_SIZE, MIN_CLUSTER_SIZE, SECTOR } from './layout.ts'

export const options: OptionTable = [
  {
    kind: 'size',
    name: 'cluster_size',
    title: 'Cluster size',
    help: 'The unit of allocation: larger ones suit large sequential files, smaller ones waste less room.',
    default: 64 * KiB,
    min: MIN_CLUSTER_SIZE,
    max: MAX_CLUSTER_SIZE,
    powerOfTwo: true,
    advanced: true,
  },
  {
    kind: 'number',
    name: 'table_size',
    title: 'Table size',
    help: 'Clusters for each table: larger tables allow larger disks. QEMU opens no image in which it is 1.',
    default: 4,
    values: [2, 4, 8, 16],
    advanced: true,
  },
]

/** What is to be built. */
export interface Design {
  readonly geometry: Geometry
  /** Bytes, whole sectors. */
  readonly virtualSize: number
  readonly backing?: BackingRef
}

/** Throws `invalid-argument`. */
export function designOf(spec: CreateSpec): Design {
  const values = completeOptions(options, spec.options)
  const geometry = geometryOf(Number(values['cluster_size']), Number(values['table_size']))
  const virtualSize = roundUp(spec.virtualSize, SECTOR)
  if (!Number.isSafeInteger(virtualSize) || virtualSize < 0) refuse(`${spec.virtualSize} bytes is no size for a disk.`)
  if (virtualSize > geometry.maxSize)
    refuse(
      `With clusters of ${formatSize(geometry.clusterSize)} and tables of ${geometry.tableClusters} clusters a disk can have ${formatSize(geometry.maxSize)} at most; try larger ones.`,
    )
  if (spec.compress === true) refuse('QED images cannot be compressed.')
  const { backing } = spec
  const problem = backing && backingNameProblem(backing)
  if (problem !== undefined) refuse(problem)
  if (backing && backing.format === undefined)
    refuse(
      `The format of the backing file ${backing.path} must be given: guessing it later could be turned against you.`,
    )
  return { geometry, virtualSize, ...(backing && { backing }) }
}

function refuse(message: string): never {
  throw new SpindleError('invalid-argument', message)
}
