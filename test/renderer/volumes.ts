// Volumes for tests, with only what the test is about written out.

import { GiB } from '../../core/model/index.ts'
import type { Volume } from '../../electron/contract/data.ts'

export function volume(name: string, facts: Partial<Volume> = {}): Volume {
  return {
    id: name,
    place: 'place',
    path: `/disks/${name}`,
    name,
    format: 'qcow2',
    virtualSize: 20 * GiB,
    allocatedSize: GiB,
    fileSize: GiB,
    modifiedAt: 0,
    snapshotCount: 0,
    ...facts,
  }
}
