// Sizes a disk can be given, and the scale they are drawn to.

import { GiB, MiB, parseSize, roundUp } from '../../../core/model/index.ts'

/** Disks are made of these. */
const SECTOR = 512

/** Bytes meant by what was typed; undefined when it is no size a disk can have. */
export function typedSize(text: string): number | undefined {
  const bytes = parseSize(text)
  return bytes === undefined || bytes <= 0 ? undefined : roundUp(bytes, SECTOR)
}

/** Where the bar ends: with room to go on past the size of now, and past the new one. */
export function roomFor(now: number, size: number): number {
  return Math.max(now * 2, size * 1.25)
}

/** How far one step of the handle goes: what reads as a round figure at this scale. */
export function stepOf(room: number): number {
  const steps = [MiB, 16 * MiB, 128 * MiB, 512 * MiB, GiB, 4 * GiB, 16 * GiB]
  return steps.find((step) => room / step <= 512) ?? 64 * GiB
}

/** The size itself, without falling below what cuts nothing off. */
export function safeMinimum(dataEnd: number): number {
  return Math.max(MiB, roundUp(dataEnd, MiB))
}

export type SizeProblem = 'sizeInvalid' | 'sizeSame'

export function sizeProblem(size: number | undefined, now: number): SizeProblem | undefined {
  if (size === undefined) return 'sizeInvalid'
  return size === now ? 'sizeSame' : undefined
}
