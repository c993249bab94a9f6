// The few Linux system calls Node has no words for; loaded at the first need, since plain reading must start fast.

import { createRequire } from 'node:module'
import { getSystemErrorName } from 'node:util'

/** All take open file descriptors and bytes, and throw SystemCallError when the kernel declines. */
export interface Libc {
  /** First offset >= `offset` that holds data. Throws `ENXIO` when only a hole follows. */
  seekData(descriptor: number, offset: number): number
  /** First offset >= `offset` that lies in a hole; the end of the file counts as one. */
  seekHole(descriptor: number, offset: number): number
  /** Size of a file or block device. */
  seekEnd(descriptor: number): number
  /** Reserves room; grows the file when the range reaches past its end. */
  allocate(descriptor: number, offset: number, length: number): void
  /** Frees the range, which then reads as zeros; never changes the file's size. */
  punchHole(descriptor: number, offset: number, length: number): void
  /** Zeros that keep room reserved; grows the file when the range reaches past its end. */
  zeroRange(descriptor: number, offset: number, length: number): void
  /** Copies inside the kernel. Returns the bytes copied, which may be fewer, and 0 at the end of the source. */
  copyRange(from: number, fromOffset: number, to: number, toOffset: number, length: number): number
  /** Makes both files share the same blocks, where the file system can; all of the range or nothing. */
  cloneRange(from: number, fromOffset: number, to: number, toOffset: number, length: number): void
  /** Has the kernel start bringing written bytes to the disk, without waiting for it. */
  startWriting(descriptor: number, offset: number, length: number): void
  /** Locks the whole file for as long as this descriptor is open. Throws `EAGAIN` where it is locked through another one. */
  lock(descriptor: number): void
  /** Whether any of these bytes, or of the whole file, is locked through another descriptor, of this process or any other. */
  isLocked(descriptor: number, offset?: number, length?: number): boolean
  /** Locks bytes against those who want them for themselves; others may lock them in the same way. */
  share(descriptor: number, offset: number, length: number): void
  /** Takes locks of this descriptor back; length 0 is up to the end. */
  unlock(descriptor: number, offset: number, length: number): void
}

/** Shaped as Node's own system errors are, so that one translation serves both. */
export class SystemCallError extends Error {
  override readonly name = 'SystemCallError'
  readonly code: string

  constructor(code: string, call: string) {
    super(`${code}: ${call} failed`)
    this.code = code
  }
}

/** The kernel, or the file system, has no such call for this file: another way must be taken. */
export function isRefusal(error: unknown): boolean {
  return error instanceof SystemCallError && REFUSALS.has(error.code)
}

const REFUSALS = new Set(['ENOTSUP', 'EOPNOTSUPP', 'ENOSYS', 'EXDEV', 'EINVAL', 'ENODEV', 'ESPIPE', 'ENOTTY'])

// Numbers of the Linux ABI, the same on every architecture.
const SEEK_END = 2
const SEEK_DATA = 3
const SEEK_HOLE = 4
const KEEP_SIZE = 0x01
const PUNCH_HOLE = 0x02
const ZERO_RANGE = 0x10
const FICLONERANGE = 0x4020940d
const SYNC_FILE_RANGE_WRITE = 2
const F_OFD_GETLK = 36
const F_OFD_SETLK = 37
const F_RDLCK = 0
const F_WRLCK = 1
const F_UNLCK = 2

let loaded: { readonly libc: Libc | undefined } | undefined

/** Undefined where these calls do not exist; callers then take their portable way. */
export function libc(): Libc | undefined {
  loaded ??= { libc: load() }
  return loaded.libc
}

function loadKoffi(): typeof import('koffi') | undefined {
  try {
    // By require, so that a bundler leaves the native package where it is.
    return createRequire(import.meta.url)('koffi') as typeof import('koffi')
  } catch {
    // An installation without the package's binary for this machine works all the same, the portable way.
    return undefined
  }
}

type Foreign = (...values: readonly unknown[]) => number | bigint

function load(): Libc | undefined {
  if (process.platform !== 'linux') return undefined
  const koffi = loadKoffi()
  if (!koffi) return undefined
  // off_t is a long: on a 32-bit system it could not say where most of an image is.
  if (koffi.sizeof('long') !== 8) return undefined
  const { errno } = koffi
  const library = koffi.load(null)
  const lseek: Foreign = library.func('int64_t lseek(int, int64_t, int)')
  const fallocate: Foreign = library.func('int fallocate(int, int, int64_t, int64_t)')
  const copyFileRange: Foreign = library.func('int64_t copy_file_range(int, void *, int, void *, size_t, unsigned int)')
  const ioctl: Foreign = library.func('int ioctl(int, unsigned long, void *)')
  const fcntl: Foreign = library.func('int fcntl(int, int, ...)')
  const syncFileRange: Foreign = library.func('int sync_file_range(int, int64_t, int64_t, unsigned int)')

  function call(name: string, made: () => number | bigint): number {
    for (;;) {
      const result = Number(made())
      if (result >= 0) return result
      const code = getSystemErrorName(-errno())
      if (code !== 'EINTR') throw new SystemCallError(code, name)
    }
  }

  const seek = (descriptor: number, offset: number, whence: number) =>
    call('lseek', () => lseek(descriptor, offset, whence))
  const reserve = (descriptor: number, mode: number, offset: number, length: number) =>
    call('fallocate', () => fallocate(descriptor, mode, offset, length))

  /** Returns the `struct flock` as the kernel leaves it. Length 0 is up to the end of the file, however it grows. */
  const lockCall = (descriptor: number, command: number, type: number, offset = 0, length = 0): DataView => {
    const lock = new DataView(new ArrayBuffer(32))
    lock.setInt16(0, type, true)
    lock.setBigInt64(8, BigInt(offset), true)
    lock.setBigInt64(16, BigInt(length), true)
    call('fcntl', () => fcntl(descriptor, command, 'void *', new Uint8Array(lock.buffer)))
    return lock
  }

  return {
    seekData: (descriptor, offset) => seek(descriptor, offset, SEEK_DATA),
    seekHole: (descriptor, offset) => seek(descriptor, offset, SEEK_HOLE),
    seekEnd: (descriptor) => seek(descriptor, 0, SEEK_END),
    allocate: (descriptor, offset, length) => void reserve(descriptor, 0, offset, length),
    punchHole: (descriptor, offset, length) => void reserve(descriptor, PUNCH_HOLE | KEEP_SIZE, offset, length),
    zeroRange: (descriptor, offset, length) => void reserve(descriptor, ZERO_RANGE, offset, length),
    copyRange: (from, fromOffset, to, toOffset, length) => {
      // The offsets are passed in our own memory: the descriptors' shared positions stay out of it.
      const source = new BigInt64Array([BigInt(fromOffset)])
      const target = new BigInt64Array([BigInt(toOffset)])
      return call('copy_file_range', () => copyFileRange(from, source, to, target, length, 0))
    },
    lock: (descriptor) => void lockCall(descriptor, F_OFD_SETLK, F_WRLCK),
    isLocked: (descriptor, offset, length) =>
      lockCall(descriptor, F_OFD_GETLK, F_WRLCK, offset, length).getInt16(0, true) !== F_UNLCK,
    share: (descriptor, offset, length) => void lockCall(descriptor, F_OFD_SETLK, F_RDLCK, offset, length),
    unlock: (descriptor, offset, length) => void lockCall(descriptor, F_OFD_SETLK, F_UNLCK, offset, length),
    startWriting: (descriptor, offset, length) => {
      call('sync_file_range', () => syncFileRange(descriptor, offset, length, SYNC_FILE_RANGE_WRITE))
    },
    cloneRange: (from, fromOffset, to, toOffset, length) => {
      // struct file_clone_range: the source, its offset, the length, and the target's offset.
      const range = new BigInt64Array([from, fromOffset, length, toOffset].map(BigInt))
      call('ioctl', () => ioctl(to, FICLONERANGE, range))
    },
  }
}
