// One file's bytes into another, holes included, and the look afterwards whether they are the same.

import type { Pace } from '../jobs/pace.ts'
import { SpindleError } from '../model/error.ts'
import { KiB, MiB } from '../model/units.ts'
import type { Storage } from '../storage/storage.ts'
import { KernelHelp } from '../transfer/kernel.ts'
import { isZero } from '../transfer/zeros.ts'

/** Others get their turn after so many bytes. */
const STEP = 16 * MiB
const CHUNK = 256 * KiB

/** Returns whether the two share their blocks, so that nothing was copied and there is nothing to compare. */
export async function copyBytes(source: Storage, target: Storage, pace: Pace): Promise<boolean> {
  const size = await source.size()
  await target.truncate(size)
  const kernel = new KernelHelp(target, false)
  kernel.reserve([])
  if (size > 0 && kernel.share(source, 0, { host: 0, length: size }) === size) return true
  kernel.reserve([])
  for await (const { offset, length } of dataOf(source, size)) {
    const done = kernel.copy(source, offset, { host: offset, length }, () => {})
    await copyThrough(source, target, offset + done, length - done)
    await pace(length)
  }
  return false
}

/** Throws `differs` at the first byte that is not the same. */
export async function compareBytes(source: Storage, target: Storage, pace: Pace): Promise<void> {
  const size = await source.size()
  if ((await target.size()) !== size) throw differs(source, target, Math.min(size, await target.size()))
  const [left, right] = [Buffer.alloc(CHUNK), Buffer.alloc(CHUNK)]
  let end = 0
  for await (const { offset, length } of dataOf(source, size)) {
    await checkEmpty(target, end, offset)
    end = offset + length
    for (let at = offset; at < end; at += CHUNK) {
      const count = Math.min(CHUNK, end - at)
      await source.read(at, left.subarray(0, count))
      await target.read(at, right.subarray(0, count))
      if (left.compare(right, 0, count, 0, count) !== 0) throw differs(source, target, at)
      await pace(count)
    }
  }
  await checkEmpty(target, end, size)
}

/** Bytes of data, as far as the file system can tell them from holes. */
export async function dataSize(source: Storage): Promise<number> {
  let sum = 0
  for await (const { length } of dataOf(source, await source.size())) sum += length
  return sum
}

interface Range {
  readonly offset: number
  readonly length: number
}

async function* dataOf(source: Storage, size: number): AsyncGenerator<Range> {
  for (let offset = 0; offset < size;) {
    const { hole, length } = await source.segment(offset)
    const end = Math.min(size, offset + length)
    if (!hole) for (let at = offset; at < end; at += STEP) yield { offset: at, length: Math.min(STEP, end - at) }
    offset = end
  }
}

async function copyThrough(source: Storage, target: Storage, offset: number, length: number): Promise<void> {
  const buffer = new Uint8Array(CHUNK)
  for (let done = 0; done < length; done += CHUNK) {
    const bytes = buffer.subarray(0, Math.min(CHUNK, length - done))
    const count = await source.read(offset + done, bytes)
    await target.write(offset + done, bytes.subarray(0, count))
  }
}

/** Where the source has a hole, the copy has one as well, or zeros. */
async function checkEmpty(target: Storage, start: number, end: number): Promise<void> {
  const buffer = new Uint8Array(CHUNK)
  for (let offset = start; offset < end;) {
    const { hole, length } = await target.segment(offset)
    const stop = Math.min(end, offset + length)
    for (let at = hole ? stop : offset; at < stop; at += CHUNK) {
      const bytes = buffer.subarray(0, Math.min(CHUNK, stop - at))
      await target.read(at, bytes)
      if (!isZero(bytes)) throw differs(target, target, at)
    }
    offset = stop
  }
}

function differs(source: Storage, target: Storage, offset: number): SpindleError {
  const message = `The copy of ${source.name} came back from the disk with other bytes at ${offset}, so it was thrown away. The original is unchanged. Check the device the copy was to be on.`
  return new SpindleError('differs', message, { path: target.name, offset })
}
