// What the kernel does better than reading and writing, where it is willing; where not, nothing is lost.

import { KiB, MiB } from '../model/units.ts'
import { SystemCallError, libc } from '../storage/libc.ts'
import type { Libc } from '../storage/libc.ts'
import type { Storage } from '../storage/storage.ts'

/** Bytes the kernel copies in one go: it cannot be stopped in the middle. */
const COPY_STEP = 4 * MiB
/** Shorter ranges are not worth a call to reserve room for them. */
const LEAST_RESERVED = 256 * KiB

export interface HostRange {
  readonly host: number
  readonly length: number
}

/** For the moves of one window into one target. */
export class KernelHelp {
  readonly #calls: Libc | undefined
  readonly #target: number | undefined
  /** After one refusal the rest of the window will be refused as well, and each one costs. */
  #willing = true

  constructor(target: Storage, portable: boolean) {
    this.#target = target.descriptor
    this.#calls = portable || target.descriptor === undefined ? undefined : libc()
  }

  /** Has the files share blocks. Returns how many bytes that worked for: all or none. */
  share(source: Storage, offset: number, { host, length }: HostRange): number {
    const shared = this.#try(source, (calls, from, to) => calls.cloneRange(from, offset, to, host, length))
    return shared ? length : 0
  }

  /** Copies inside the kernel. Returns how many bytes that worked for. */
  copy(source: Storage, offset: number, { host, length }: HostRange, check: () => void): number {
    let done = 0
    this.#try(source, (calls, from, to) => {
      for (let count = 1; count > 0 && done < length; done += count) {
        check()
        count = calls.copyRange(from, offset + done, to, host + done, Math.min(COPY_STEP, length - done))
      }
    })
    return done
  }

  /** Writing into reserved room is a good deal faster than having it found block by block. */
  reserve(ranges: readonly HostRange[]): void {
    this.#willing = true
    for (const { host, length } of joined(ranges)) {
      if (length >= LEAST_RESERVED) this.#try(undefined, (calls, _from, to) => calls.allocate(to, host, length))
    }
  }

  /** The disk gets to work now, instead of all at the end when someone waits for it. */
  startWriting(ranges: readonly HostRange[]): void {
    this.#willing = true
    for (const { host, length } of joined(ranges)) {
      if (length > 0) this.#try(undefined, (calls, _from, to) => calls.startWriting(to, host, length))
    }
  }

  /** False when the kernel declined: another file system, no such call, a full disk. Writing will tell which. */
  #try(source: Storage | undefined, work: (calls: Libc, from: number, to: number) => void): boolean {
    const calls = this.#calls
    const to = this.#target
    const from = source ? source.descriptor : to
    if (!this.#willing || !calls || from === undefined || to === undefined) return false
    try {
      work(calls, from, to)
      return true
    } catch (error) {
      if (!(error instanceof SystemCallError)) throw error
      this.#willing = false
      return false
    }
  }
}

function* joined(ranges: readonly HostRange[]): Generator<HostRange> {
  let open = { host: 0, length: 0 }
  for (const { host, length } of ranges) {
    if (open.host + open.length === host) {
      open = { host: open.host, length: open.length + length }
    } else {
      yield open
      open = { host, length }
    }
  }
  yield open
}
