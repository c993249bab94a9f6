// What the fake engine finds in its volumes: facts, and what the bytes are.

import { GiB, KiB, MAP_STATES, MiB, SpindleError, stateBit } from '../../../core/model/index.ts'
import type {
  AllocationStrip,
  CellState,
  ImageFacts,
  MapCells,
  MapExtents,
  MapRequest,
  MapState,
  SnapshotFacts,
} from '../../../core/model/index.ts'
import type { Volume } from '../../../electron/contract/data.ts'
import { DAY, seeded } from './fake-library.ts'

const NAMES = ['First boot, configured', 'Kernel 6.12 trial', 'After security updates', 'Before nginx 1.27']

export function snapshotsOf(volume: Volume): readonly SnapshotFacts[] {
  return Array.from({ length: volume.snapshotCount }, (_, index) => ({
    id: String(index + 1),
    name: NAMES[index] ?? `nightly-${index + 1}`,
    vmStateSize: index === 1 ? 2.1 * GiB : 0,
    createdAt: volume.modifiedAt - (volume.snapshotCount - index) * 9 * DAY,
    nanoseconds: 0,
    vmClockNanoseconds: 0,
    virtualSize: index === 0 ? 20 * GiB : (volume.virtualSize ?? 0),
  }))
}

const ENCRYPTION = {
  'ivgen-alg': 'plain64',
  'hash-alg': 'sha256',
  'cipher-alg': 'aes-256',
  uuid: '7b2c1f0e-52a1-4a54-9d0f-0c6d5f8f7a31',
  format: 'luks',
  'cipher-mode': 'xts',
  slots: Array.from({ length: 8 }, (_, index) =>
    index < 2 ? { active: true, iters: 1_902_448 + index * 11_204, stripes: 4000 } : { active: false },
  ),
  'payload-offset': 2_068_480,
  'master-key-iters': 237_404,
}

export function facts(volume: Volume, backingPath?: string, snapshots = snapshotsOf(volume)): ImageFacts {
  const qcow2 = volume.format === 'qcow2'
  return {
    path: volume.path,
    format: volume.format ?? 'raw',
    virtualSize: volume.virtualSize ?? 0,
    allocatedSize: volume.allocatedSize,
    fileSize: volume.fileSize,
    modifiedAt: volume.modifiedAt,
    ...(volume.backing === undefined ? {} : { backing: { path: volume.backing, format: 'qcow2' } }),
    ...(backingPath === undefined ? {} : { backingPath }),
    ...(volume.error?.code === 'invalid-image' ? { unreadable: volume.error } : {}),
    details: qcow2
      ? {
          clusterSize: 64 * KiB,
          encrypted: volume.encrypted === true,
          dirty: false,
          corrupt: false,
          snapshots,
          bitmaps: [
            { name: 'backup-daily', granularity: 64 * KiB, flags: ['auto'] },
            { name: 'backup-weekly', granularity: MiB, flags: [] },
          ],
          specific: {
            compat: '1.1',
            'compression-type': 'zstd',
            'lazy-refcounts': false,
            'refcount-bits': 16,
            corrupt: false,
            'extended-l2': false,
            ...(volume.encrypted === true && { encrypt: ENCRYPTION }),
          },
        }
      : {},
  }
}

export function allocation(volume: Volume, cellCount: number): AllocationStrip {
  const size = volume.virtualSize ?? 0
  if (size === 0) throw SpindleError.fromData(volume.error ?? { code: 'internal', message: 'There is no size.' })
  const random = seeded(Number(volume.id.replaceAll(/\D/g, '')) + 7)
  const full = volume.allocatedSize / size
  const cells: CellState[] = []
  while (cells.length < cellCount) {
    const position = cells.length / cellCount
    const pick = random()
    let state: CellState = 'hole'
    if (pick < full * (2 - position * 1.4)) state = volume.format === 'qcow2' && random() < 0.2 ? 'compressed' : 'data'
    else if (volume.backing !== undefined && pick < 0.75) state = 'backing'
    else if (pick > 0.92) state = 'zero'
    for (let run = 0; run < 4 + random() * (state === 'hole' ? 60 : 24); run++) cells.push(state)
  }
  const shown = cells.slice(0, cellCount)
  const totals = { hole: 0, zero: 0, data: 0, compressed: 0, backing: 0 }
  for (const cell of shown) totals[cell] += Math.round(size / cellCount / MiB) * MiB
  return { virtualSize: size, cells: shown, totals }
}

const MAP_BLOCK = 64 * KiB

/** Runs of a few hundred blocks each, the same every time. */
function mapBlocks(volume: Volume, { space }: Pick<MapRequest, 'space'>): Uint8Array {
  const size = space === 'guest' ? (volume.virtualSize ?? 0) : volume.fileSize
  const blocks = new Uint8Array(Math.ceil(size / MAP_BLOCK))
  const random = seeded(Number(volume.id.replaceAll(/\D/g, '')) + 11)
  const choices: readonly MapState[] =
    space === 'guest'
      ? ['data', 'data', 'hole', 'backing', 'data', 'compressed', 'zero', 'hole', 'shared']
      : ['data', 'data', 'data', 'compressed', 'shared', 'data', 'leak', 'hole']
  for (let at = 0; at < blocks.length;) {
    const state = choices[Math.floor(random() * choices.length)] ?? 'hole'
    const end = Math.min(blocks.length, at + Math.ceil((random() * blocks.length) / 60))
    const bits = state === 'shared' ? stateBit('shared') | stateBit('data') : stateBit(state)
    blocks.fill(bits, at, end)
    if (space === 'file') blocks[at] = stateBit('metadata')
    at = end
  }
  return blocks
}

export function mapCells(volume: Volume, request: MapRequest): MapCells {
  const blocks = mapBlocks(volume, request)
  const size = request.space === 'guest' ? (volume.virtualSize ?? 0) : volume.fileSize
  const count = Math.max(0, Math.min(request.cellCount, Math.ceil((size - request.offset) / request.cellSize)))
  const cells = new Uint8Array(count)
  const bytes = MAP_STATES.map(() => 0)
  for (let cell = 0; cell < count; cell++) {
    const from = request.offset + cell * request.cellSize
    const to = Math.min(size, from + request.cellSize)
    for (let block = Math.floor(from / MAP_BLOCK); block * MAP_BLOCK < to; block++) {
      const bits = blocks[block] ?? 0
      const state = 32 - Math.clz32(bits)
      cells[cell] = (cells[cell] ?? 0) | bits
      bytes[state] = (bytes[state] ?? 0) + Math.min(to, (block + 1) * MAP_BLOCK) - Math.max(from, block * MAP_BLOCK)
    }
  }
  return { size, blockSize: MAP_BLOCK, hasFileMap: volume.format === 'qcow2', cells, bytes }
}

export function mapExtents(volume: Volume, offset: number, count: number): MapExtents {
  const blocks = mapBlocks(volume, { space: 'guest' })
  const size = volume.virtualSize ?? 0
  const extents: MapExtents['extents'][number][] = []
  for (let at = Math.floor(offset / MAP_BLOCK); at < blocks.length && extents.length < count;) {
    const states = blocks[at] ?? 0
    let end = at + 1
    while (end < blocks.length && blocks[end] === states) end++
    const isPlaced = states > stateBit('backing')
    extents.push({
      offset: Math.max(offset, at * MAP_BLOCK),
      length: Math.min(size, end * MAP_BLOCK) - Math.max(offset, at * MAP_BLOCK),
      states,
      depth: states === stateBit('backing') ? 1 : 0,
      ...(isPlaced && { hostOffset: 0x50000 + at * MAP_BLOCK, path: volume.path }),
    })
    at = end
  }
  return { size, extents }
}
