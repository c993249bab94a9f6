// Where a disk is to run, and what that takes: one table for the dialogs and for `--for`.

import type { FormatId } from './image.ts'
import type { OptionValues } from './option.ts'
import { GiB, MiB, TiB } from './units.ts'

export const PRESET_IDS = [
  'qemu',
  'proxmox',
  'virtualbox',
  'workstation',
  'esxi',
  'hyperv1',
  'hyperv2',
  'azure',
  'aws',
  'utm',
] as const
export type PresetId = (typeof PRESET_IDS)[number]

export interface Preset {
  readonly id: PresetId
  /** As its makers write it. */
  readonly title: string
  readonly format: FormatId
  readonly options: OptionValues
  /** Whether a conversion packs the data. */
  readonly compress: boolean
  /** Disks have to be a multiple of this, in bytes; they are made larger where needed, never smaller. */
  readonly sizeMultiple: number
  /** Bytes; larger disks are not taken there. */
  readonly largest: number
  /** Without dot. */
  readonly extension: string
  /** One sentence: why it is so. */
  readonly reason: string
}

const SECTOR = 512

export const PRESETS: readonly Preset[] = [
  {
    id: 'qemu',
    title: 'QEMU/KVM, libvirt',
    format: 'qcow2',
    options: {},
    compress: false,
    sizeMultiple: SECTOR,
    largest: Number.MAX_SAFE_INTEGER,
    extension: 'qcow2',
    reason: 'QCOW2 grows as it is used and can hold snapshots.',
  },
  {
    id: 'proxmox',
    title: 'Proxmox VE',
    format: 'qcow2',
    options: {},
    compress: false,
    sizeMultiple: 1024,
    largest: Number.MAX_SAFE_INTEGER,
    extension: 'qcow2',
    reason: 'Folders and network shares of Proxmox keep disks with snapshots as QCOW2; sizes are counted in KiB.',
  },
  {
    id: 'virtualbox',
    title: 'VirtualBox',
    format: 'vdi',
    options: {},
    compress: false,
    sizeMultiple: SECTOR,
    largest: Number.MAX_SAFE_INTEGER,
    extension: 'vdi',
    reason: 'VDI is VirtualBox’s own format, the only one of its that can be resized there.',
  },
  {
    id: 'workstation',
    title: 'VMware Workstation, Fusion',
    format: 'vmdk',
    options: { subformat: 'monolithicSparse', adapter_type: 'lsilogic', hwversion: '10' },
    compress: false,
    sizeMultiple: SECTOR,
    largest: 2 * TiB - 64 * 1024,
    extension: 'vmdk',
    reason:
      'One growing file, for the SCSI adapter that VMware guests have drivers for, on hardware version 10 (Workstation 10, Fusion 6 and later).',
  },
  {
    id: 'esxi',
    title: 'VMware ESXi',
    format: 'vmdk',
    options: { subformat: 'streamOptimized', adapter_type: 'lsilogic', hwversion: '10' },
    compress: true,
    sizeMultiple: MiB,
    largest: 2 * TiB - 64 * 1024,
    extension: 'vmdk',
    reason:
      'The packed form that ESXi and vCenter import, for hardware version 10 (ESXi 5.5 and later); their own form exists only inside a datastore.',
  },
  {
    id: 'hyperv1',
    title: 'Hyper-V, generation 1',
    format: 'vpc',
    options: { subformat: 'dynamic' },
    compress: false,
    sizeMultiple: MiB,
    largest: 2040 * GiB,
    extension: 'vhd',
    reason: 'VHD is read by every version of Hyper-V; it ends at 2040 GiB.',
  },
  {
    id: 'hyperv2',
    title: 'Hyper-V, generation 2',
    format: 'vhdx',
    options: { subformat: 'dynamic' },
    compress: false,
    sizeMultiple: MiB,
    largest: 64 * TiB,
    extension: 'vhdx',
    reason: 'VHDX survives power cuts and goes up to 64 TiB.',
  },
  {
    id: 'azure',
    title: 'Azure',
    format: 'vpc',
    options: { subformat: 'fixed', force_size: true },
    compress: false,
    sizeMultiple: MiB,
    largest: 4095 * GiB,
    extension: 'vhd',
    reason: 'Azure takes fixed VHDs of a whole number of MiB only.',
  },
  {
    id: 'aws',
    title: 'AWS import',
    format: 'vmdk',
    options: { subformat: 'streamOptimized' },
    compress: true,
    sizeMultiple: MiB,
    largest: 16 * TiB,
    extension: 'vmdk',
    reason: 'The packed form is the least to upload that VM Import accepts.',
  },
  {
    id: 'utm',
    title: 'UTM',
    format: 'qcow2',
    options: {},
    compress: false,
    sizeMultiple: SECTOR,
    largest: Number.MAX_SAFE_INTEGER,
    extension: 'qcow2',
    reason: 'UTM keeps the disks of its QEMU machines as QCOW2.',
  },
]
