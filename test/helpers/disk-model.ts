// A disk as a flat array: what any image must read as, whatever its format does inside.

import type { VirtualDisk } from '../../core/image/virtual-disk.ts'
import type { Random } from './seeds.ts'

export type DiskStep =
  | { readonly kind: 'write'; readonly offset: number; readonly bytes: Uint8Array }
  | { readonly kind: 'zero'; readonly offset: number; readonly length: number; readonly unmap: boolean }
  | { readonly kind: 'discard' | 'read'; readonly offset: number; readonly length: number }
  | { readonly kind: 'flush' }

export class DiskModel {
  readonly bytes: Uint8Array
  /** What shows through where the image itself has nothing. */
  readonly below: Uint8Array

  constructor(size: number, below: Uint8Array = new Uint8Array(0)) {
    this.below = new Uint8Array(size)
    this.below.set(below.subarray(0, size))
    this.bytes = this.below.slice()
  }

  /** Does the step on the disk and here, and compares what has to be equal afterwards. */
  async apply(disk: VirtualDisk, step: DiskStep): Promise<void> {
    switch (step.kind) {
      case 'write':
        await disk.write(step.offset, step.bytes)
        this.bytes.set(step.bytes, step.offset)
        break
      case 'zero':
        await disk.zero(step.offset, step.length, step.unmap)
        this.bytes.fill(0, step.offset, step.offset + step.length)
        break
      case 'discard':
        await disk.discard(step.offset, step.length)
        await this.#settle(disk, step.offset, step.length)
        break
      case 'read':
        await this.#mustEqual(disk, step.offset, step.length)
        break
      case 'flush':
        await disk.flush()
    }
  }

  /** The first byte of the range that is another one on the disk, in words. */
  async difference(disk: VirtualDisk, offset = 0, length = this.bytes.length - offset): Promise<string | undefined> {
    const actual = new Uint8Array(length)
    await disk.read(offset, actual)
    return firstDifference(actual, this.bytes.subarray(offset, offset + length), offset)
  }

  async #mustEqual(disk: VirtualDisk, offset: number, length: number): Promise<void> {
    const difference = await this.difference(disk, offset, length)
    if (difference !== undefined) throw new Error(difference)
  }

  /** Discarded bytes may keep their value, become zeros or show what lies below, and nothing else. */
  async #settle(disk: VirtualDisk, offset: number, length: number): Promise<void> {
    const actual = new Uint8Array(length)
    await disk.read(offset, actual)
    for (let at = 0; at < length; at += 1) {
      const found = actual[at]
      if (found === this.bytes[offset + at] || found === 0 || found === this.below[offset + at]) continue
      throw new Error(`byte ${offset + at} reads as ${found} after a discard: neither old, nor zero, nor what is below`)
    }
    this.bytes.set(actual, offset)
  }
}

/** Where two arrays too large to print differ, in words; undefined where they do not. */
export function firstDifference(actual: Uint8Array, wanted: Uint8Array, offset = 0): string | undefined {
  if (actual.length !== wanted.length) return `there are ${actual.length} bytes and not ${wanted.length}`
  if (Buffer.compare(actual, wanted) === 0) return undefined
  const at = actual.findIndex((byte, index) => byte !== wanted[index])
  return `byte ${offset + at} is ${actual[at]}, but ${wanted[at]} was meant to be there`
}

/** One step as guests make them: of all sizes, on and off the borders of blocks. */
export function randomStep(random: Random, size: number, block: number): DiskStep {
  const { offset, length } = randomRange(random, size, block)
  const chance = random.below(100)
  if (chance < 45) return { kind: 'write', offset, bytes: random.bytes(length) }
  if (chance < 60) return { kind: 'zero', offset, length, unmap: random.happens(0.5) }
  if (chance < 75) return { kind: 'discard', offset, length }
  if (chance < 93) return { kind: 'read', offset, length }
  return { kind: 'flush' }
}

export function randomRange(random: Random, size: number, block: number): { offset: number; length: number } {
  const unit = random.pick([1, 512, 4096, block, block])
  const count = random.pick([1, 1, 2, 3, 1 + random.below(Math.ceil(size / unit / 8))])
  const offset = Math.min(unit * random.below(Math.ceil(size / unit)), size - 1)
  return { offset, length: Math.min(unit * count, size - offset) }
}
