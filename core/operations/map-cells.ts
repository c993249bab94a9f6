// map cells: what each part of a disk, or of its file, holds, worked out from tables alone and answered piece by piece.

import { diskStates } from '../image/disk-states.ts'
import type { DiskRun } from '../image/disk-states.ts'
import type { VirtualDisk } from '../image/virtual-disk.ts'
import { SpindleError } from '../model/error.ts'
import { MAP_STATES, stateBit } from '../model/map.ts'
import type { MapCells, MapRequest } from '../model/map.ts'
import { turnsOf } from './cancel.ts'
import { openSource } from './parts.ts'
import type { Parts } from './parts.ts'

/** More than any window asks for at once; an answer crosses two processes. */
export const MAX_MAP_CELLS = 2 ** 20
/** Milliseconds after which what there is so far is answered: whoever draws it shows it, and may have lost interest. */
const LONGEST_ANSWER = 60

/** Where `patient`, all cells that were asked for. */
export async function mapCells(
  path: string,
  request: MapRequest,
  parts: Parts,
  how: { readonly format?: string; readonly patient?: AbortSignal } = {},
): Promise<MapCells> {
  checkRequest(request)
  await using disk = await openSource(path, how.format, parts)
  const cells =
    request.space === 'guest' ? await guestCells(disk, request, how.patient) : await fileCells(disk, request)
  return { ...cells, blockSize: disk.top.blockSize, hasFileMap: disk.top.fileMap !== undefined }
}

type Filled = Pick<MapCells, 'size' | 'cells' | 'bytes'>

async function guestCells(disk: VirtualDisk, request: MapRequest, patient?: AbortSignal): Promise<Filled> {
  const { size } = disk
  const filler = new Filler(request, size)
  const started = performance.now()
  const pace = turnsOf(patient)
  let position = request.offset
  while (position < filler.end) {
    for (const run of await diskStates(disk.layers, position, filler.end - position)) {
      filler.add(run.length, bitsOf(run))
      position += run.length
    }
    await pace(0)
    if (!patient && performance.now() - started > LONGEST_ANSWER) filler.cut()
  }
  return filler.finish(size)
}

async function fileCells(disk: VirtualDisk, request: MapRequest): Promise<Filled> {
  const { fileMap, storage } = disk.top
  if (!fileMap) {
    throw new SpindleError(
      'unsupported',
      `${storage.name} is in a format whose tables Spindle does not draw. The map of the disk itself is there.`,
      { path: storage.name },
    )
  }
  const clusters = await fileMap.clusters(turnsOf())
  const size = await storage.size()
  const filler = new Filler(request, size)
  const { clusterSize } = fileMap
  let position = request.offset
  while (position < filler.end) {
    const first = Math.floor(position / clusterSize)
    const bits = clusters[first] ?? 0
    let next = first + 1
    while (next * clusterSize < filler.end && clusters[next] === bits) next += 1
    const stop = Math.min(filler.end, next * clusterSize)
    filler.add(stop - position, bits)
    position = stop
  }
  return filler.finish(size)
}

/** The bits of a run of the disk. */
export function bitsOf({ kind, depth, shared }: DiskRun): number {
  switch (kind) {
    case 'hole':
      return 0
    case 'zero':
      return stateBit('zero')
    case 'damaged':
      return stateBit('corrupt')
    default: {
      if (depth > 0) return stateBit('backing')
      return stateBit(kind === 'data' ? 'data' : 'compressed') | (shared ? stateBit('shared') : 0)
    }
  }
}

class Filler {
  /** Where the last cell ends. */
  end: number
  readonly #cellSize: number
  readonly #start: number
  readonly #cells: Uint8Array
  readonly #bytes = MAP_STATES.map(() => 0)
  #position: number

  constructor({ offset, cellSize, cellCount }: MapRequest, size: number) {
    this.end = Math.max(offset, Math.min(size, offset + cellSize * cellCount))
    this.#cellSize = cellSize
    this.#start = offset
    this.#cells = new Uint8Array(Math.ceil((this.end - offset) / cellSize))
    this.#position = offset
  }

  add(length: number, bits: number): void {
    const from = this.#position - this.#start
    this.#position += length
    const state = 32 - Math.clz32(bits)
    this.#bytes[state] = (this.#bytes[state] ?? 0) + length
    if (bits === 0) return
    const first = Math.floor(from / this.#cellSize)
    const last = Math.floor((from + length - 1) / this.#cellSize)
    for (let cell = first; cell <= last; cell += 1) this.#cells[cell] = (this.#cells[cell] ?? 0) | bits
  }

  /** No further than to the end of the cell it is in: only whole cells are answered. */
  cut(): void {
    const cells = Math.ceil((this.#position - this.#start) / this.#cellSize)
    this.end = Math.min(this.end, this.#start + cells * this.#cellSize)
  }

  finish(size: number): Filled {
    const count = Math.ceil((this.end - this.#start) / this.#cellSize)
    return { size, cells: this.#cells.slice(0, count), bytes: this.#bytes }
  }
}

function checkRequest({ offset, cellSize, cellCount }: MapRequest): void {
  const isSound =
    Number.isSafeInteger(offset) &&
    offset >= 0 &&
    Number.isSafeInteger(cellSize) &&
    cellSize >= 1 &&
    Number.isInteger(cellCount) &&
    cellCount >= 1 &&
    cellCount <= MAX_MAP_CELLS &&
    Number.isSafeInteger(offset + cellSize * cellCount)
  if (isSound) return
  throw new SpindleError(
    'invalid-argument',
    `A map has between 1 and ${MAX_MAP_CELLS} cells of at least one byte each, not ${cellCount} of ${cellSize} from ${offset} on.`,
  )
}
