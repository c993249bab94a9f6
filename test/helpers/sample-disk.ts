// Small raw disks with everything a copier must tell apart: data, written zeros, holes, and an odd beginning and end.

import { closeSync, ftruncateSync, openSync, writeSync } from 'node:fs'
import { KiB, MiB } from '../../core/model/units.ts'
import { randomFrom } from './seeds.ts'

export const SAMPLE_SIZE = 24 * MiB

/** Writes such a disk and returns its content. The same one every time. */
export function sampleDisk(path: string, size = SAMPLE_SIZE): Uint8Array {
  const random = randomFrom(7)
  const content = new Uint8Array(size)
  const descriptor = openSync(path, 'wx')
  const put = (offset: number, bytes: Uint8Array): void => {
    content.set(bytes, offset)
    writeSync(descriptor, bytes, 0, bytes.length, offset)
  }
  try {
    ftruncateSync(descriptor, size)
    put(0, random.bytes(700))
    put(64 * KiB, random.bytes(192 * KiB))
    put(MiB, new Uint8Array(MiB))
    put(3 * MiB + 1000, random.bytes(MiB))
    for (let offset = 8 * MiB; offset < size / 2; offset += MiB) put(offset, random.bytes(4 * KiB))
    put(size - 10_000, random.bytes(10_000))
  } finally {
    closeSync(descriptor)
  }
  return content
}

/** Fails naming the first differing byte, for contents too large to print. */
export function expectSameBytes(actual: Uint8Array, wanted: Uint8Array): void {
  if (actual.length !== wanted.length) throw new Error(`${actual.length} bytes, but ${wanted.length} were expected`)
  if (Buffer.compare(actual, wanted) === 0) return
  const at = actual.findIndex((byte, index) => byte !== wanted[index])
  throw new Error(`byte ${at} is ${actual[at]}, but ${wanted[at]} was expected`)
}
