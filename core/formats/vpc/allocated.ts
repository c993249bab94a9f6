// All blocks that have a place in the file, in the order of their places, and which of them cannot be right.

import type { Pace } from '../../jobs/pace.ts'
import { ENTRY_SIZE, SECTOR } from './layout.ts'
import { entryIn, isAllocated } from './image-file.ts'
import type { ImageFile, PlaceProblem } from './image-file.ts'

export interface Problem {
  readonly code: PlaceProblem['code'] | 'blocks-overlap'
  readonly block: number
  /** A clause. */
  readonly message: string
  readonly hostOffset: number
}

export interface Allocated {
  /** Numbers of the blocks that are where one can be, by ascending place. */
  readonly blocks: Float64Array
  /** Where each of them begins in the file. */
  readonly starts: Float64Array
  readonly problems: readonly Problem[]
  /** Those that are not among `problems`, which is kept short. */
  readonly moreProblems: number
  /** How many do not follow the block before them. */
  readonly fragmented: number
}

const KEPT_PROBLEMS = 2000

/** `pace` is told the bytes of the disk whose entries have been looked at. */
export async function findAllocated(file: ImageFile, pace?: Pace): Promise<Allocated> {
  const { blockSize, bitmapSize, tableEntries, tableOffset } = file.blocks
  const found = new Growing()
  const problems: Problem[] = []
  let problemCount = 0
  let fragmented = 0
  let last: number | undefined
  const add = (problem: () => Problem): void => {
    problemCount += 1
    if (problems.length < KEPT_PROBLEMS) problems.push(problem())
  }
  for (let first = 0; first < tableEntries;) {
    const page = await file.page(first)
    for (let block = first; block < page.end; block += 1) {
      const entry = entryIn(page, block)
      if (!isAllocated(entry)) continue
      const start = entry * SECTOR
      const inside = Math.max(SECTOR, Math.min(blockSize, file.virtualSize - block * blockSize))
      const problem = file.problemOf(start, start + bitmapSize + inside)
      if (!problem) {
        if (last !== undefined && start !== last + bitmapSize + blockSize) fragmented += 1
        last = start
        found.add(block, start)
        continue
      }
      add(() => ({
        code: problem.code,
        block,
        message: `entry ${block} of the block table, at offset ${tableOffset + block * ENTRY_SIZE}, for the guest’s bytes from ${block * blockSize} on, leads to offset ${start}, which ${problem.what}`,
        hostOffset: tableOffset + block * ENTRY_SIZE,
      }))
    }
    await pace?.(Math.max(0, Math.min(file.virtualSize, page.end * blockSize) - first * blockSize))
    first = page.end
  }
  const { blocks, starts } = found.sorted()
  for (let index = 1; index < blocks.length; index += 1) {
    const [before = 0, start = 0] = [starts[index - 1], starts[index]]
    if (start - before >= bitmapSize + blockSize) continue
    const [one = 0, other = 0] = [blocks[index - 1], blocks[index]]
    add(() => ({
      code: 'blocks-overlap',
      block: other,
      message: `the blocks with the guest’s bytes from ${one * blockSize} and from ${other * blockSize} on lie over each other, at offsets ${before} and ${start}`,
      hostOffset: start,
    }))
  }
  return { blocks, starts, problems, moreProblems: problemCount - problems.length, fragmented }
}

/** Pairs of numbers, as many as there are: memory follows what the file holds, not what its header claims. */
class Growing {
  #blocks = new Float64Array(1024)
  #starts = new Float64Array(1024)
  #count = 0

  add(block: number, start: number): void {
    if (this.#count === this.#blocks.length) {
      this.#blocks = grown(this.#blocks)
      this.#starts = grown(this.#starts)
    }
    this.#blocks[this.#count] = block
    this.#starts[this.#count] = start
    this.#count += 1
  }

  /** By place; of two in the same place the first of the disk comes first. */
  sorted(): { readonly blocks: Float64Array; readonly starts: Float64Array } {
    const blocks = this.#blocks.subarray(0, this.#count)
    const starts = this.#starts.subarray(0, this.#count)
    if (starts.every((start, index) => index === 0 || start >= (starts[index - 1] ?? 0))) return { blocks, starts }
    const order = Uint32Array.from(starts.keys()).toSorted((a, b) => (starts[a] ?? 0) - (starts[b] ?? 0) || a - b)
    return {
      blocks: Float64Array.from(order, (index) => blocks[index] ?? 0),
      starts: Float64Array.from(order, (index) => starts[index] ?? 0),
    }
  }
}

function grown(array: Float64Array<ArrayBuffer>): Float64Array<ArrayBuffer> {
  const larger = new Float64Array(array.length * 2)
  larger.set(array)
  return larger
}
