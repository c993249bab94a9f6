// QEMU's image locks: a virtual machine does not start on an image that is being changed, nor is one changed that it runs on.

import { closeSync, fstatSync, openSync, statSync } from 'node:fs'
import { SpindleError } from '../model/error.ts'
import { openFile } from './file.ts'
import type { FileAccess } from './file.ts'
import { SystemCallError, libc } from './libc.ts'
import { holderText, isMarkedByOthers } from './lock-holders.ts'
import type { Storage } from './storage.ts'

/**
 * Bytes of the file that stand for what a program does with it, and, a hundred further, for what it cannot bear others
 * to do. They are locked in the shared way, as marks; to see whether another has set one, a lock of one's own is tried.
 */
const READS = 100
const WRITES = 101
const RESIZES = 103
const ALONE = 100
/** As a length: up to the end. */
const WHOLE = 0

interface Use {
  readonly marks: readonly number[]
  /** Bytes that no other may have marked. */
  readonly free: readonly number[]
}

const READING: Use = {
  marks: [READS, WRITES + ALONE, RESIZES + ALONE],
  free: [WRITES, RESIZES, READS + ALONE],
}
const WRITING: Use = {
  marks: [READS, WRITES, RESIZES, WRITES + ALONE, RESIZES + ALONE],
  // The first byte is what libvirt's lock daemon takes.
  free: [0, WRITES, RESIZES, READS + ALONE, WRITES + ALONE, RESIZES + ALONE],
}

/**
 * How files are opened for reading: `locked` keeps writers out, `tested` only refuses what another is writing at that
 * moment, `shared` does neither. Whoever writes always locks.
 */
export type Sharing = 'locked' | 'tested' | 'shared'

/** Whether a program that is not this opening of the file reads or writes it as a disk right now. */
export function isUsedByOthers(storage: Storage): boolean {
  return isMarkedByOthers(storage, READS) || isMarkedByOthers(storage, WRITES)
}

interface Held {
  /** A second one for the same file: QEMU's locks, and ours, belong to one opening of a file. */
  readonly descriptor: number
  readonly marks: Set<number>
  users: number
}

/**
 * The locks of one piece of work, whose own openings of a file do not get in each other's way. They are given back as
 * the files are closed. Where the system or the file system has no such locks, files are opened without.
 */
export class ImageLocks {
  readonly #held = new Map<string, Held>()

  /** As openFile. Throws `in-use`, with the name of who it is as far as that can be found out. */
  async open(path: string, access: FileAccess, sharing: Sharing): Promise<Storage> {
    if (access === 'create' || (access === 'read' && sharing === 'shared')) return openFile(path, access)
    for (;;) {
      let release: (() => void) | undefined
      const storage = await openFile(path, access, { closed: () => release?.() })
      try {
        if (access === 'read' && sharing === 'tested') refuseWritten(storage)
        else release = this.#hold(storage, access === 'read' ? READING : WRITING)
        if (isStillThere(storage)) return storage
      } catch (error) {
        await storage.close()
        throw error
      }
      // Another file took its place meanwhile: it is that one that is meant.
      await storage.close()
    }
  }

  #hold(storage: Storage, use: Use): (() => void) | undefined {
    const calls = libc()
    const { descriptor, identity } = storage
    if (!calls || descriptor === undefined) return undefined
    const held = this.#held.get(identity) ?? { descriptor: reopen(descriptor), marks: new Set(), users: 0 }
    this.#held.set(identity, held)
    held.users += 1
    const added = use.marks.filter((byte) => !held.marks.has(byte))
    try {
      // Set first, look afterwards: of two that start at once both may fail, but never do both go on.
      for (const byte of added) calls.share(held.descriptor, byte, 1)
      if (use.free.some((byte) => calls.isLocked(held.descriptor, byte, 1))) throw inUse(storage, use)
      for (const byte of added) held.marks.add(byte)
    } catch (error) {
      if (error instanceof SystemCallError) return () => this.#release(identity)
      if (held.users > 1) for (const byte of added) calls.unlock(held.descriptor, byte, 1)
      this.#release(identity)
      throw error
    }
    return () => this.#release(identity)
  }

  #release(identity: string): void {
    const held = this.#held.get(identity)
    if (!held) return
    held.users -= 1
    if (held.users > 0) return
    this.#held.delete(identity)
    // Closing alone is not enough: a program that is just being started has a copy of all our descriptors for a moment.
    libc()?.unlock(held.descriptor, 0, WHOLE)
    closeSync(held.descriptor)
  }
}

/** The same file once more, whatever its name leads to by now. */
function reopen(descriptor: number): number {
  return openSync(`/proc/self/fd/${descriptor}`, 'r')
}

function refuseWritten(storage: Storage): void {
  if (READING.free.some((byte) => isMarkedByOthers(storage, byte))) throw inUse(storage, READING)
}

function isStillThere({ name, descriptor }: Storage): boolean {
  if (descriptor === undefined) return true
  const [now, opened] = [statSync(name, { throwIfNoEntry: false }), fstatSync(descriptor)]
  return now === undefined || (now.dev === opened.dev && now.ino === opened.ino)
}

function inUse(storage: Storage, use: Use): SpindleError {
  const { name: path } = storage
  const who = holderText(storage) ?? 'another program'
  const wayOut =
    use === READING
      ? 'Wait until it is done, or look at the image as it is at this moment with -U.'
      : 'Nothing was changed. Shut that down, or wait until it is done.'
  return new SpindleError('in-use', `${path} is in use by ${who}. ${wayOut}`, { path })
}
