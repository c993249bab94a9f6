// Opening images that lie inside other files: packed whole (.gz, .xz, .zst), or as members of an appliance (.ova).

import { basename, dirname, extname } from 'node:path'
import { SpindleError } from '../model/error.ts'
import type { FileAccess } from '../storage/file.ts'
import type { Storage } from '../storage/storage.ts'
import { MemberStorage } from './member.ts'
import type { Stretch } from './member.ts'
import { packingOf } from './packed-stream.ts'
import { isTar, tarMembers } from './tar.ts'
import { UnpackedStorage } from './unpacked-storage.ts'

type OpenFile = (path: string, access: FileAccess) => Promise<Storage>

const HEAD_SIZE = 512
const ARCHIVES = new Set(['.ova', '.tar', '.tgz', '.txz'])
const PACKED = /\.(gz|tgz|xz|txz|zst|zstd)$/i
const DISKS = new Set(['.vmdk', '.vhd', '.vhdx', '.vdi', '.qcow2', '.img', '.raw'])
/** A file in a file in a file is enough. */
const DEEPEST = 4

/**
 * Opens what `open` opens, and beyond that, for reading: the image in a packed file, the disk of an appliance, and one
 * disk of several by its path, as if the appliance were a folder (`box.ova/disk2.vmdk`).
 */
export function openInside(open: OpenFile): OpenFile {
  return async (path, access) => {
    if (access === 'create') return open(path, access)
    try {
      const storage = await open(path, access)
      return access === 'read' ? await unwrap(storage, 0) : await refuseContainer(storage)
    } catch (error) {
      if (!(error instanceof SpindleError) || error.code !== 'not-found') throw error
      const member = await openMember(path, open)
      if (!member) throw error
      if (access === 'read') return member
      return await refuseContainer(member)
    }
  }
}

async function unwrap(storage: Storage, depth: number): Promise<Storage> {
  if (!mayContain(storage.name)) return storage
  try {
    const head = new Uint8Array(HEAD_SIZE)
    await storage.read(0, head)
    const packing = packingOf(storage.name, head)
    if (packing && depth < DEEPEST) return await unwrap(new UnpackedStorage(storage, packing), depth + 1)
    if (!ARCHIVES.has(extname(storage.name).toLowerCase()) || !isTar(head)) return storage
    return await unwrap(soleDisk(storage, await tarMembers(storage)), depth + 1)
  } catch (error) {
    await storage.close()
    throw error
  }
}

function mayContain(name: string): boolean {
  return ARCHIVES.has(extname(name).toLowerCase()) || PACKED.test(name)
}

function soleDisk(archive: Storage, members: readonly Stretch[]): Storage {
  const disks = members.filter(({ name }) => DISKS.has(extname(name.replace(PACKED, '')).toLowerCase()))
  const [disk, ...others] = disks
  if (disk && others.length === 0) return memberOf(archive, disk)
  const names = disks.map(({ name }) => `${archive.name}/${name}`).join(', ')
  const message = disk
    ? `${archive.name} holds ${disks.length} disks. Name the one that is meant: ${names}.`
    : `${archive.name} is an archive that holds no disk image.`
  throw new SpindleError(disk ? 'invalid-argument' : 'unsupported', message, { path: archive.name })
}

/** Undefined when no file along the path is an archive. */
async function openMember(path: string, open: OpenFile): Promise<Storage | undefined> {
  for (let outer = dirname(path); outer !== dirname(outer); outer = dirname(outer)) {
    if (!ARCHIVES.has(extname(outer).toLowerCase())) continue
    const archive = await openIfThere(outer, open)
    if (!archive) continue
    const wanted = path.slice(outer.length + 1)
    try {
      const member = (await tarMembers(archive)).find(({ name }) => name.replace(/^\.\//, '') === wanted)
      if (member) return await unwrap(memberOf(archive, member), 1)
    } catch (error) {
      await archive.close()
      throw error
    }
    await archive.close()
  }
  return undefined
}

async function openIfThere(path: string, open: OpenFile): Promise<Storage | undefined> {
  try {
    return await open(path, 'read')
  } catch (error) {
    if (error instanceof SpindleError && (error.code === 'not-found' || error.code === 'invalid-argument'))
      return undefined
    throw error
  }
}

function memberOf(archive: Storage, { name, offset, size }: Stretch): Storage {
  return new MemberStorage(archive, { name: `${archive.name}/${name.replace(/^\.\//, '')}`, offset, size })
}

async function refuseContainer(storage: Storage): Promise<Storage> {
  const inner = storage instanceof MemberStorage || storage instanceof UnpackedStorage
  if (!inner) {
    if (!mayContain(storage.name)) return storage
    const head = new Uint8Array(HEAD_SIZE)
    await storage.read(0, head)
    if (!packingOf(storage.name, head) && !isTar(head)) return storage
  }
  await storage.close()
  throw new SpindleError(
    'unsupported',
    `${basename(storage.name)} holds its disk packed or inside an archive, so it cannot be changed in place. Convert it to an image of its own first.`,
    { path: storage.name },
  )
}
