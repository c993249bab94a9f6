// What the fake engine does with whole volumes: other names, copies, and a trash.

import { assertNever } from '../../../core/model/index.ts'
import type { JobResult, TrashPlan } from '../../../core/model/index.ts'
import type {
  CopyRequest,
  EmptyTrashRequest,
  MoveRequest,
  RestoreRequest,
  TrashRequest,
  Trashed,
  Volume,
} from '../../../electron/contract/data.ts'

export type FileRequest = CopyRequest | EmptyTrashRequest | MoveRequest | RestoreRequest | TrashRequest

export interface FileOutcome {
  readonly result: JobResult
  readonly put: readonly Volume[]
  readonly removed: readonly string[]
  readonly trashed?: readonly string[]
}

export class FakeFiles {
  readonly #trash = new Map<string, { readonly item: Trashed; readonly volume: Volume }>()
  #count = 0

  list(): readonly Trashed[] {
    return [...this.#trash.values()].map(({ item }) => item).toReversed()
  }

  plan(volumes: readonly Volume[], all: readonly Volume[]): TrashPlan {
    const paths = new Set(volumes.map(({ path }) => path))
    const dependents = all.filter((one) => one.parent !== undefined && paths.has(one.parent) && !paths.has(one.path))
    return {
      files: [...paths],
      allocatedSize: volumes.reduce((sum, { allocatedSize }) => sum + allocatedSize, 0),
      dependents: dependents.map(({ path }) => path),
      command: ['spindle', 'trash', 'put', ...paths],
    }
  }

  put(volume: Volume, trashedAt: number): string {
    this.#count += 1
    const id = `t${this.#count}`
    const { path, format, virtualSize, allocatedSize } = volume
    const more = { ...(format && { format }), ...(virtualSize !== undefined && { virtualSize }) }
    this.#trash.set(id, { item: { id, from: path, ...more, fileCount: 1, allocatedSize, trashedAt }, volume })
    return id
  }

  run(request: FileRequest, volumeOf: (id: string) => Volume): FileOutcome {
    switch (request.kind) {
      case 'move': {
        const { id, path, ...rest } = volumeOf(request.volume)
        const target = path.replace(/[^/]*$/, request.name)
        const moved = { ...rest, id: `${id}m`, path: target, name: rest.name.replace(/[^/]*$/, request.name) }
        return { result: { kind: 'move', path: target, told: [], warnings: [] }, put: [moved], removed: [id] }
      }
      case 'copy': {
        const volume = volumeOf(request.volume)
        const copy = { ...volume, id: `${volume.id}c`, name: request.name, path: `${volume.path}c` }
        return { result: { kind: 'copy', path: copy.path, warnings: [] }, put: [copy], removed: [] }
      }
      case 'trash': {
        const items = request.volumes.map((id) => this.put(volumeOf(id), Date.now()))
        return { result: { kind: 'trash', items, warnings: [] }, put: [], removed: request.volumes, trashed: items }
      }
      case 'restore': {
        const volumes = this.#take(request.items)
        const paths = volumes.map(({ path }) => path)
        return { result: { kind: 'restore', paths, warnings: [] }, put: volumes, removed: [] }
      }
      case 'empty-trash': {
        const freed = this.#take(request.items).reduce((sum, { allocatedSize }) => sum + allocatedSize, 0)
        return { result: { kind: 'empty-trash', freed, warnings: [] }, put: [], removed: [] }
      }
      default:
        return assertNever(request)
    }
  }

  #take(ids: readonly string[]): readonly Volume[] {
    const volumes = ids.flatMap((id) => this.#trash.get(id)?.volume ?? [])
    for (const id of ids) this.#trash.delete(id)
    return volumes
  }
}
