// What lies on a disk, as far as its own headers tell: partitions and file systems.

import type { ErrorData } from './error.ts'

/** `none` where the disk is not divided: one file system may fill it, or nothing is recognised. */
export type PartitionScheme = 'gpt' | 'mbr' | 'none'

/** What each kind calls itself; these are names, the same in every language. */
export const FILE_SYSTEM_TITLES = {
  ext2: 'ext2',
  ext3: 'ext3',
  ext4: 'ext4',
  xfs: 'XFS',
  btrfs: 'Btrfs',
  ntfs: 'NTFS',
  refs: 'ReFS',
  bitlocker: 'BitLocker',
  fat12: 'FAT12',
  fat16: 'FAT16',
  fat32: 'FAT32',
  exfat: 'exFAT',
  swap: 'Linux swap',
  lvm2: 'LVM2 physical volume',
  luks1: 'LUKS1',
  luks2: 'LUKS2',
  mdraid: 'Linux RAID member',
  zfs: 'ZFS member',
  f2fs: 'F2FS',
  squashfs: 'SquashFS',
  iso9660: 'ISO 9660',
  apfs: 'APFS',
  hfsplus: 'HFS+',
} as const

export type FileSystemKind = keyof typeof FILE_SYSTEM_TITLES

export interface FileSystemFacts {
  readonly kind: FileSystemKind
  readonly label?: string
  /** As the system that made it writes it: a UUID, or a serial number. */
  readonly uuid?: string
  /** Bytes it covers, where it says so; it may be less than its partition has. */
  readonly size?: number
  /** Bytes in use when it was last written down, where it says so. */
  readonly used?: number
}

export interface PartitionFacts {
  /** As systems number them: 1 is the first, logical partitions start at 5. */
  readonly index: number
  /** Bytes from the start of the disk. */
  readonly offset: number
  /** Bytes. */
  readonly length: number
  /** What it was made for, in plain words: “Linux file system”. */
  readonly type: string
  /** The same as the table has it: a GUID, or two hexadecimal digits. */
  readonly typeCode: string
  readonly name?: string
  readonly uuid?: string
  readonly bootable?: boolean
  /** Lies inside an extended partition. */
  readonly logical?: boolean
  /** Holds others: the room of an extended partition. */
  readonly extended?: boolean
  readonly fileSystem?: FileSystemFacts
}

/** How the two copies of a GPT stand. */
export interface GptFacts {
  readonly primary: 'good' | 'damaged'
  /** `misplaced`: it is good, but does not lie at the end of the disk, as after the disk was made larger. */
  readonly backup: 'good' | 'damaged' | 'misplaced'
}

export interface DiskContents {
  /** Bytes. */
  readonly diskSize: number
  readonly scheme: PartitionScheme
  /** Bytes the table counts in. */
  readonly sectorSize: number
  /** Of the table: a GUID, or eight hexadecimal digits. */
  readonly diskId?: string
  readonly gpt?: GptFacts
  /** By where they lie. */
  readonly partitions: readonly PartitionFacts[]
  /** What fills a disk that is not divided, or what lies across its partitions, as on a hybrid ISO. */
  readonly fileSystem?: FileSystemFacts
  /**
   * Bytes the disk needs for all that was found, the copy of the GPT at its end included. Undefined where that cannot be
   * known: nothing was recognised, or the table is damaged.
   */
  readonly smallestSize?: number
  /** What is wrong with the table: one plain sentence each. */
  readonly problems: readonly string[]
  /** Present when the disk's data cannot be read, as without its passphrase; then nothing else is known. */
  readonly unreadable?: ErrorData
}

/** `3 Btrfs, fedora`: its number, what is in it, and its name. */
export function partitionTitle({ index, fileSystem, name, type }: PartitionFacts): string {
  const kind = fileSystem ? FILE_SYSTEM_TITLES[fileSystem.kind] : type
  const label = fileSystem?.label ?? name
  return label === undefined || label === '' ? `${index} ${kind}` : `${index} ${kind}, ${label}`
}
