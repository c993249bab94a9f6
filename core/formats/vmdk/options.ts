// Create options: qemu-img's names, defaults and rules, with what people are told of them.

import type { CreateSpec } from '../../image/driver.ts'
import { completeOptions } from '../../image/options.ts'
import { SpindleError } from '../../model/error.ts'
import type { BackingRef } from '../../model/image.ts'
import type { OptionTable, OptionValues } from '../../model/option.ts'
import { MAX_EXTENTS, SPLIT_SIZE } from './layout.ts'

export const options: OptionTable = [
  {
    kind: 'choice',
    name: 'subformat',
    title: 'Files',
    help: 'One file that grows, a text file with the disk beside it, pieces of 2 GiB, or a packed file for transport.',
    default: 'monolithicSparse',
    choices: [
      { value: 'monolithicSparse', title: 'One growing file' },
      { value: 'monolithicFlat', title: 'Whole size at once' },
      { value: 'twoGbMaxExtentSparse', title: 'Growing, in pieces of 2 GiB' },
      { value: 'twoGbMaxExtentFlat', title: 'Whole size, in pieces of 2 GiB' },
      { value: 'streamOptimized', title: 'Packed for transport (OVF)' },
    ],
  },
  {
    kind: 'choice',
    name: 'adapter_type',
    title: 'Disk adapter',
    help: 'The controller the virtual machine gets for this disk; ESXi expects lsilogic.',
    default: 'ide',
    choices: [
      { value: 'ide', title: 'IDE' },
      { value: 'lsilogic', title: 'LSI Logic' },
      { value: 'buslogic', title: 'BusLogic' },
      { value: 'legacyESX', title: 'Legacy ESX' },
    ],
  },
  {
    kind: 'text',
    name: 'hwversion',
    title: 'Hardware version',
    help: 'The virtual hardware the disk is made for, as a number; left undefined it is 4, which everything accepts.',
    default: 'undefined',
    advanced: true,
  },
  {
    kind: 'text',
    name: 'toolsversion',
    title: 'Tools version',
    help: 'The version of VMware Tools in the guest, as a number; left out it is unknown.',
    default: '2147483647',
    advanced: true,
  },
  {
    kind: 'boolean',
    name: 'compat6',
    title: 'Hardware version 6',
    help: 'Made for virtual hardware 6, as an older way of saying hwversion=6.',
    default: false,
    advanced: true,
  },
  {
    kind: 'boolean',
    name: 'zeroed_grain',
    title: 'Zeroed grains',
    help: 'Zeros are noted in the tables instead of being written; not every VMware product reads that.',
    default: false,
    advanced: true,
  },
]

export type Subformat =
  'monolithicSparse' | 'monolithicFlat' | 'twoGbMaxExtentSparse' | 'twoGbMaxExtentFlat' | 'streamOptimized'

const SUBFORMATS: readonly Subformat[] = [
  'monolithicSparse',
  'monolithicFlat',
  'twoGbMaxExtentSparse',
  'twoGbMaxExtentFlat',
  'streamOptimized',
]

/** What is to be built, all contradictions ruled out. */
export interface Design {
  readonly virtualSize: number
  readonly subformat: Subformat
  readonly adapter: string
  readonly hardwareVersion: string
  readonly toolsVersion: string
  readonly zeroGrains: boolean
  readonly isFlat: boolean
  readonly isSplit: boolean
  readonly backing?: BackingRef
}

/** Throws `invalid-argument` for options that contradict each other. */
export function designOf(spec: CreateSpec): Design {
  const values = completeOptions(options, spec.options)
  const subformat = subformatOf(values)
  const hardware = numberText(values, 'hwversion', 'undefined')
  const compat6 = values['compat6'] === true
  const zeroGrains = values['zeroed_grain'] === true
  const isFlat = subformat === 'monolithicFlat' || subformat === 'twoGbMaxExtentFlat'
  const isSplit = subformat === 'twoGbMaxExtentSparse' || subformat === 'twoGbMaxExtentFlat'
  if (compat6 && hardware !== 'undefined') throw refused('compat6 and hwversion exclude each other: give one of them')
  if (zeroGrains && (isFlat || subformat === 'streamOptimized'))
    throw refused(`zeroed_grain is for disks that grow, and ${subformat} is none: leave it out`)
  if (spec.backing && (isFlat || subformat === 'streamOptimized'))
    throw refused(`A VMDK of the kind ${subformat} cannot have a backing file: choose monolithicSparse`)
  if (spec.backing?.format !== undefined && spec.backing.format !== 'vmdk')
    throw refused(`A VMDK can only lie on another VMDK, and ${spec.backing.path} is said to be ${spec.backing.format}`)
  if (spec.compress === true && subformat !== 'streamOptimized')
    throw refused(
      `Of the kinds of VMDK only streamOptimized is packed, not ${subformat}: choose that, or do not compress`,
    )
  if (isSplit && spec.virtualSize > MAX_EXTENTS * SPLIT_SIZE)
    throw refused(`In pieces of 2 GiB a disk can be 2 TiB large at most, ${MAX_EXTENTS} of them: choose another kind`)
  return {
    virtualSize: spec.virtualSize,
    subformat,
    adapter: String(values['adapter_type']),
    hardwareVersion: hardware === 'undefined' ? (compat6 ? '6' : '4') : hardware,
    toolsVersion: numberText(values, 'toolsversion', '2147483647'),
    zeroGrains,
    isFlat,
    isSplit,
    ...(spec.backing && { backing: spec.backing }),
  }
}

export function subformatOf(values: OptionValues): Subformat {
  const subformat = SUBFORMATS.find((one) => one === (values['subformat'] ?? 'monolithicSparse'))
  if (subformat) return subformat
  throw refused(`subformat must be one of ${SUBFORMATS.join(', ')}`)
}

function numberText(values: OptionValues, name: string, usual: string): string {
  const text = String(values[name] ?? usual)
  if (text === usual || /^\d{1,10}$/.test(text)) return text
  throw refused(`${name}=${text.slice(0, 40)} cannot be: it must be a number`)
}

function refused(what: string): SpindleError {
  return new SpindleError('invalid-argument', `${what}. Nothing was changed.`)
}
