// A storage in a regular file or a block device.

import fs from 'node:fs'
import { resolve } from 'node:path'
import { setImmediate as nextTurn } from 'node:timers/promises'
import { promisify } from 'node:util'
import { SpindleError } from '../model/error.ts'
import { MiB } from '../model/units.ts'
import { isRefusal, libc } from './libc.ts'
import type { Libc } from './libc.ts'
import type { Segment, Storage } from './storage.ts'
import { systemCode, systemError } from './system-error.ts'
import type { FileDeed } from './system-error.ts'

/** `create` makes a new file and refuses one that is there; the others never make one. */
export type FileAccess = 'read' | 'write' | 'create'

export interface FileOptions {
  /** Use only what every system has: no hole is seen, none is made, and no copy goes through the kernel. */
  readonly portable?: boolean
  /** Called once, after the file has been closed. */
  readonly closed?: () => void
}

/** A single system call moves at most a little less than 2 GiB. */
const LARGEST_CALL = 1024 * MiB
/** Zeros are written in pieces of this size where the system knows no shorter way. */
const FALLBACK_STEP = MiB

const fdatasync = promisify(fs.fdatasync)

/**
 * Opens a file, or a block device, by path. Throws SpindleError with `not-found`, `access-denied`, `exists`, or
 * `invalid-argument` for what is neither (a folder, a pipe); never waits for another program.
 */
export async function openFile(path: string, access: FileAccess, options: FileOptions = {}): Promise<Storage> {
  const name = resolve(path)
  const deed = access === 'create' ? 'create' : access === 'write' ? 'open for writing' : 'open'
  const { O_CREAT, O_EXCL, O_NOCTTY, O_NONBLOCK, O_RDONLY, O_RDWR } = fs.constants
  const mode = access === 'read' ? O_RDONLY : access === 'write' ? O_RDWR : O_RDWR | O_CREAT | O_EXCL
  try {
    // Without O_NONBLOCK opening a pipe would wait for its other end.
    const descriptor = fs.openSync(name, mode | O_NONBLOCK | O_NOCTTY, 0o644)
    return adopt(descriptor, name, access !== 'read', options)
  } catch (error) {
    throw systemError(error, deed, name)
  }
}

/** The same open file seen from another thread. Closing it leaves the descriptor open. */
export function borrowFile(descriptor: number, name: string, options: { readonly writable: boolean }): Storage {
  const stats = fs.fstatSync(descriptor, { bigint: true })
  return new FileStorage({ descriptor, name, stats, writable: options.writable, portable: false, owned: false })
}

function adopt(descriptor: number, name: string, writable: boolean, options: FileOptions): Storage {
  try {
    const stats = fs.fstatSync(descriptor, { bigint: true })
    if (!stats.isFile() && !stats.isBlockDevice()) {
      throw new SpindleError('invalid-argument', `${name} is ${kindOf(stats)}, not a disk image or a block device.`, {
        path: name,
      })
    }
    const { portable = false, closed } = options
    return new FileStorage({ descriptor, name, stats, writable, portable, owned: true, closed })
  } catch (error) {
    fs.closeSync(descriptor)
    throw error
  }
}

function kindOf(stats: fs.BigIntStats): string {
  if (stats.isDirectory()) return 'a folder'
  if (stats.isFIFO()) return 'a pipe'
  return stats.isSocket() ? 'a socket' : 'a character device'
}

interface OpenDescriptor {
  readonly descriptor: number
  readonly name: string
  readonly stats: fs.BigIntStats
  readonly writable: boolean
  readonly portable: boolean
  /** Whether close() closes the descriptor. */
  readonly owned: boolean
  readonly closed?: (() => void) | undefined
}

/** Calls are synchronous inside: the engine has a thread of its own, and a thread pool costs more than it gives. */
class FileStorage implements Storage {
  readonly name: string
  readonly writable: boolean
  readonly identity: string
  relaxed = false
  readonly #portable: boolean
  readonly #owned: boolean
  readonly #closed: (() => void) | undefined
  /** Bytes, for a block device, whose size never changes. */
  readonly #deviceSize: number | undefined
  /** -1 once closed: a number given back may already be another file's. */
  #descriptor: number

  constructor(open: OpenDescriptor) {
    this.name = open.name
    this.writable = open.writable
    this.#portable = open.portable
    this.#owned = open.owned
    this.#closed = open.closed
    this.#descriptor = open.descriptor
    const device = open.stats.isBlockDevice()
    this.identity = device ? `device:${open.stats.rdev}` : `file:${open.stats.dev}:${open.stats.ino}`
    this.#deviceSize = device ? deviceSize(open) : undefined
  }

  get descriptor(): number | undefined {
    return this.#portable || this.#descriptor < 0 ? undefined : this.#descriptor
  }

  async size(): Promise<number> {
    return this.#deviceSize ?? this.#try('examine', undefined, () => fs.fstatSync(this.#descriptor).size)
  }

  async read(offset: number, into: Uint8Array): Promise<number> {
    return this.readNow(offset, into)
  }

  readNow(offset: number, into: Uint8Array): number {
    return this.#try('read', offset, () => {
      let done = 0
      while (done < into.length) {
        const step = Math.min(into.length - done, LARGEST_CALL)
        const count = fs.readSync(this.#descriptor, into, done, step, offset + done)
        if (count === 0) break
        done += count
      }
      return done
    })
  }

  async write(offset: number, from: Uint8Array): Promise<void> {
    this.#mayWrite()
    this.#try('write', offset, () => {
      for (let done = 0; done < from.length;) {
        const step = Math.min(from.length - done, LARGEST_CALL)
        done += fs.writeSync(this.#descriptor, from, done, step, offset + done)
      }
    })
  }

  async discard(offset: number, length: number): Promise<void> {
    this.#mayWrite()
    const size = await this.size()
    const inside = Math.min(length, size - offset)
    if (inside > 0) {
      const punched = this.#byKernel('write', offset, (calls) => calls.punchHole(this.#descriptor, offset, inside))
      if (!punched) await this.#writeZeros(offset, inside)
    }
    if (offset + length > size) await this.truncate(offset + length)
  }

  async zero(offset: number, length: number): Promise<void> {
    this.#mayWrite()
    if (length === 0) return
    const zeroed = this.#byKernel('write', offset, (calls) => calls.zeroRange(this.#descriptor, offset, length))
    if (!zeroed) await this.#writeZeros(offset, length)
  }

  async allocate(offset: number, length: number): Promise<void> {
    this.#mayWrite()
    if (length === 0) return
    const reserved = this.#byKernel('write', offset, (calls) => calls.allocate(this.#descriptor, offset, length))
    if (!reserved) await this.#rewrite(offset, length)
  }

  async truncate(size: number): Promise<void> {
    this.#mayWrite()
    const fixed = this.#deviceSize
    if (fixed === undefined) {
      this.#try('resize', size, () => fs.ftruncateSync(this.#descriptor, size))
    } else if (size > fixed) {
      throw new SpindleError('no-space', `The device ${this.name} has ${fixed} bytes; ${size} are needed.`, {
        path: this.name,
      })
    }
  }

  async flush(): Promise<void> {
    if (this.relaxed) return
    try {
      // The one call that may take seconds: on a pool thread, so that the engine answers meanwhile.
      await fdatasync(this.#descriptor)
    } catch (error) {
      throw systemError(error, 'flush', this.name)
    }
  }

  async segment(offset: number): Promise<Segment> {
    const size = await this.size()
    // Whoever asks has been told another size before, and would ask for ever.
    if (offset >= size) throw shortened(this.name, offset + 1, size)
    let segment: Segment = { hole: false, length: size - offset }
    this.#byKernel('examine', offset, (calls) => {
      segment = findSegment(calls, this.#descriptor, offset, size)
    })
    return segment
  }

  async allocatedSize(): Promise<number> {
    // A block is 512 bytes here, whatever the file system's own are.
    return this.#deviceSize ?? this.#try('examine', undefined, () => fs.fstatSync(this.#descriptor).blocks * 512)
  }

  async close(): Promise<void> {
    const descriptor = this.#descriptor
    if (descriptor < 0) return
    this.#descriptor = -1
    try {
      if (this.#owned) this.#try('write', undefined, () => fs.closeSync(descriptor))
    } finally {
      this.#closed?.()
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close()
  }

  #try<T>(deed: FileDeed, offset: number | undefined, work: () => T): T {
    try {
      return work()
    } catch (error) {
      throw systemError(error, deed, this.name, offset)
    }
  }

  /** False when there is no such call, or none for this file: the portable way must be taken. */
  #byKernel(deed: FileDeed, offset: number, work: (calls: Libc) => void): boolean {
    const calls = this.#portable ? undefined : libc()
    if (!calls) return false
    try {
      work(calls)
      return true
    } catch (error) {
      if (isRefusal(error)) return false
      throw systemError(error, deed, this.name, offset)
    }
  }

  async #writeZeros(offset: number, length: number): Promise<void> {
    const zeros = new Uint8Array(Math.min(FALLBACK_STEP, length))
    for (let done = 0; done < length; done += zeros.length) {
      await this.write(offset + done, zeros.subarray(0, length - done))
      await nextTurn()
    }
  }

  /** Room is certain only where something was written: what is there is written again, zeros past the end. */
  async #rewrite(offset: number, length: number): Promise<void> {
    const buffer = new Uint8Array(Math.min(FALLBACK_STEP, length))
    for (let done = 0; done < length; done += buffer.length) {
      const step = buffer.subarray(0, length - done)
      step.fill(0, await this.read(offset + done, step))
      await this.write(offset + done, step)
      await nextTurn()
    }
  }

  #mayWrite(): void {
    if (!this.writable) {
      throw new SpindleError('access-denied', `${this.name} is open for reading only.`, { path: this.name })
    }
  }
}

/** For a file that others cut while it is read. */
export function shortened(path: string, before: number, size: number): SpindleError {
  const message = `${path} became shorter while it was read: at least ${before} bytes were there, and ${size} are left. Something else is changing it. Try again when nothing does.`
  return new SpindleError('io', message, { path, offset: size })
}

function findSegment(calls: Libc, descriptor: number, offset: number, size: number): Segment {
  try {
    const data = calls.seekData(descriptor, offset)
    if (data > offset) return { hole: true, length: Math.min(data, size) - offset }
    return { hole: false, length: Math.min(calls.seekHole(descriptor, offset), size) - offset }
  } catch (error) {
    if (systemCode(error) === 'ENXIO') return { hole: true, length: size - offset }
    throw error
  }
}

function deviceSize(open: OpenDescriptor): number {
  const size = libc()?.seekEnd(open.descriptor)
  if (size !== undefined) return size
  throw new SpindleError('unsupported', `The size of the device ${open.name} cannot be found out on this system.`, {
    path: open.name,
  })
}
