// What Linux puts on a partition besides file systems: swap, LVM, LUKS, RAID, SquashFS.

import { size64, u32 } from '../../bytes/field.ts'
import { Structure } from '../../bytes/structure.ts'
import type { FileSystemFacts } from '../../model/contents.ts'
import type { DiskReader } from '../disk-reader.ts'
import { decoded, hasText, named, uuidText, viewOf } from './probe.ts'

function textAt(bytes: Uint8Array, offset: number, length: number): string {
  return new TextDecoder().decode(bytes.subarray(offset, offset + length)).split('\0')[0] ?? ''
}

/** The signature ends the first page, and pages have several sizes. */
export function probeSwap(head: Uint8Array): FileSystemFacts | undefined {
  const pageSize = [4096, 8192, 16_384, 65_536].find((size) => hasText(head, size - 10, 'SWAPSPACE2'))
  if (pageSize === undefined) return undefined
  const lastPage = viewOf(head).getUint32(1024 + 4, true)
  return {
    kind: 'swap',
    ...named(textAt(head, 1052, 16), uuidText(head.subarray(1036, 1052))),
    size: (lastPage + 1) * pageSize,
  }
}

const SECTOR = 512
const LVM_ID = 32
const LVM_HEADER = new Structure('LVM header', 'little', { device_size: size64(LVM_ID) })

export async function probeLvm(head: Uint8Array, reader: DiskReader): Promise<FileSystemFacts | undefined> {
  const sector = [0, 1, 2, 3].find(
    (index) => hasText(head, index * SECTOR, 'LABELONE') && hasText(head, index * SECTOR + 24, 'LVM2 001'),
  )
  if (sector === undefined) return undefined
  const label = sector * SECTOR
  const header = label + viewOf(head).getUint32(label + 20, true)
  if (header + 512 > head.length) return undefined
  const id = textAt(head, header, LVM_ID)
  const size = decoded(LVM_HEADER, head, header)?.device_size
  if (size === undefined) return undefined
  const group = await lvmGroup(head, header + LVM_ID + 8, reader)
  return {
    kind: 'lvm2',
    ...named(group ?? '', id.replace(/^(.{6})(.{4})(.{4})(.{4})(.{4})(.{4})(.{6})$/, '$1-$2-$3-$4-$5-$6-$7')),
    size,
  }
}

const MDA_MAGIC = ' LVM2 x[5A%r0N*>'
const MDA_HEADER = 512
const AREAS_AT_MOST = 16

/** The name of the volume group stands first in its metadata, which lies in the second list of areas. */
async function lvmGroup(head: Uint8Array, lists: number, reader: DiskReader): Promise<string | undefined> {
  const view = viewOf(head)
  let list = 0
  for (let at = lists, count = 0; count < AREAS_AT_MOST && at + 16 <= head.length; at += 16, count += 1) {
    const offset = Number(view.getBigUint64(at, true))
    if (offset === 0) {
      list += 1
      if (list === 2) return undefined
    } else if (list === 1 && offset < reader.size) {
      return groupIn(await reader.read(offset, MDA_HEADER), offset, reader)
    }
  }
  return undefined
}

async function groupIn(area: Uint8Array, offset: number, reader: DiskReader): Promise<string | undefined> {
  if (!hasText(area, 4, MDA_MAGIC)) return undefined
  const start = offset + Number(viewOf(area).getBigUint64(40, true))
  if (start >= reader.size) return undefined
  return /^([\w.+-]{1,127}) \{/.exec(textAt(await reader.read(start, 160), 0, 160))?.[1]
}

/** The payload is whatever the partition has behind the header, so there is no size in it. */
export function probeLuks(head: Uint8Array): FileSystemFacts | undefined {
  if (!hasText(head, 0, 'LUKS\xba\xbe')) return undefined
  const version = viewOf(head).getUint16(6)
  if (version !== 1 && version !== 2) return undefined
  const uuid = textAt(head, 168, 40)
  return {
    kind: version === 1 ? 'luks1' : 'luks2',
    ...named(version === 1 ? '' : textAt(head, 24, 48), uuid === '' ? undefined : uuid),
  }
}

const MD_MAGIC = 0xa9_2b_4e_fc

/** Versions 1.1 and 1.2, which lie at the start; those at the end of a partition leave its file system to be seen. */
export function probeRaid(head: Uint8Array): FileSystemFacts | undefined {
  const view = viewOf(head)
  const at = [0, 4096].find(
    (offset) => view.getUint32(offset, true) === MD_MAGIC && view.getUint32(offset + 4, true) === 1,
  )
  if (at === undefined) return undefined
  return { kind: 'mdraid', ...named(textAt(head, at + 32, 32), uuidText(head.subarray(at + 16, at + 32))) }
}

const SQUASHFS = new Structure('SquashFS superblock', 'little', { magic: u32(0), bytes_used: size64(40) })

export function probeSquashfs(head: Uint8Array): FileSystemFacts | undefined {
  if (!hasText(head, 0, 'hsqs')) return undefined
  const size = decoded(SQUASHFS, head)?.bytes_used
  return size === undefined ? undefined : { kind: 'squashfs', size, used: size }
}
