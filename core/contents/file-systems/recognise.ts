// Which file system lies in a part of a disk.

import type { FileSystemFacts } from '../../model/contents.ts'
import type { DiskReader } from '../disk-reader.ts'
import { probeApfs, probeHfsPlus } from './apple.ts'
import { probeBtrfs } from './btrfs.ts'
import { probeExfat } from './exfat.ts'
import { probeExt } from './ext.ts'
import { probeF2fs } from './f2fs.ts'
import { probeFat } from './fat.ts'
import { probeIso9660 } from './iso9660.ts'
import { probeLuks, probeLvm, probeRaid, probeSquashfs, probeSwap } from './linux-volumes.ts'
import { probeNtfs } from './ntfs.ts'
import { HEAD_SIZE } from './probe.ts'
import type { Probe } from './probe.ts'
import { probeBitlocker, probeRefs } from './windows-volumes.ts'
import { probeXfs } from './xfs.ts'
import { probeZfs } from './zfs.ts'

/** What wraps others first; then those with long signatures; FAT, which has none, last. */
const PROBES: readonly Probe[] = [
  probeLuks,
  probeBitlocker,
  probeLvm,
  probeRaid,
  probeXfs,
  probeBtrfs,
  probeNtfs,
  probeRefs,
  probeExfat,
  probeApfs,
  probeSquashfs,
  probeF2fs,
  probeExt,
  probeHfsPlus,
  probeSwap,
  probeZfs,
  probeFat,
  probeIso9660,
]

/** Undefined where nothing is recognised. */
export async function recogniseFileSystem(reader: DiskReader): Promise<FileSystemFacts | undefined> {
  const head = await reader.read(0, HEAD_SIZE)
  for (const probe of PROBES) {
    const found = await sensible(probe, head, reader)
    if (found) return found
  }
  return undefined
}

async function sensible(probe: Probe, head: Uint8Array, reader: DiskReader): Promise<FileSystemFacts | undefined> {
  const found = await probe(head, reader)
  return found?.size === undefined || Number.isSafeInteger(found.size) ? found : undefined
}

/** A disc's file system alone, which may lie under a partition table. */
export async function recogniseDisc(reader: DiskReader): Promise<FileSystemFacts | undefined> {
  return sensible(probeIso9660, await reader.read(0, HEAD_SIZE), reader)
}
