// What the fake engine finds in its volumes: facts, and what the bytes are.

import { GiB, KiB, MiB, SpindleError } from '../../../core/model/index.ts'
import type { AllocationStrip, CellState, ImageFacts, SnapshotFacts } from '../../../core/model/index.ts'
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
          encrypted: false,
          dirty: false,
          corrupt: false,
          snapshots,
          specific: {
            compat: '1.1',
            'compression-type': 'zstd',
            'lazy-refcounts': false,
            'refcount-bits': 16,
            corrupt: false,
            'extended-l2': false,
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
