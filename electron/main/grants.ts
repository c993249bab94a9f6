// What the page may name: random ids that stand for paths, which only main hands out and only main can read.

import { randomUUID } from 'node:crypto'
import { dirname } from 'node:path'
import type { FolderId, TrashId, VolumeId } from '../contract/ids.ts'
import { SpindleError, type PlaceFacts } from '../../core/model/index.ts'

/** `library` lasts while the library shows the file; `user` means it was dropped or chosen, and lasts as long as we do. */
type Holder = 'library' | 'user'

interface Grant {
  readonly id: string
  readonly path: string
  readonly holders: Set<Holder>
}

/** One kind of grant. A path keeps its id for as long as it is held. */
class GrantTable {
  readonly #byId = new Map<string, Grant>()
  readonly #byPath = new Map<string, Grant>()

  grant(path: string, holder: Holder): string {
    let grant = this.#byPath.get(path)
    if (!grant) {
      grant = { id: randomUUID(), path, holders: new Set() }
      this.#byId.set(grant.id, grant)
      this.#byPath.set(path, grant)
    }
    grant.holders.add(holder)
    return grant.id
  }

  release(path: string, holder: Holder): string | undefined {
    const grant = this.#byPath.get(path)
    if (!grant) return undefined
    grant.holders.delete(holder)
    if (grant.holders.size === 0) {
      this.#byId.delete(grant.id)
      this.#byPath.delete(path)
    }
    return grant.id
  }

  pathOf(id: string): string | undefined {
    return this.#byId.get(id)?.path
  }
}

export class Grants {
  readonly #volumes = new GrantTable()
  /** Folders and places together: a folder keeps its id when it becomes a place. */
  readonly #folders = new GrantTable()
  readonly #trash = new GrantTable()
  #places: ReadonlyMap<string, PlaceFacts['kind']> = new Map()

  volume(path: string, holder: Holder): VolumeId {
    return this.#volumes.grant(path, holder)
  }

  /** The id it had, for telling the page. */
  releaseVolume(path: string): VolumeId | undefined {
    return this.#volumes.release(path, 'library')
  }

  trash(item: string): TrashId {
    return this.#trash.grant(item, 'user')
  }

  trashPath(id: TrashId): string {
    return this.#trash.pathOf(id) ?? refuse('item')
  }

  folder(path: string): FolderId {
    return this.#folders.grant(path, 'user')
  }

  place(path: string): FolderId {
    return this.#folders.grant(path, 'library')
  }

  /** The places there are now; those that were places before are let go. */
  keepPlaces(places: readonly Pick<PlaceFacts, 'path' | 'kind'>[]): void {
    const kept = new Map(places.map(({ path, kind }) => [path, kind]))
    for (const path of this.#places.keys()) {
      if (!kept.has(path)) this.#folders.release(path, 'library')
    }
    this.#places = kept
  }

  volumePath(id: VolumeId): string {
    return this.#volumes.pathOf(id) ?? refuse('volume')
  }

  /** A folder to create something in. A place that is a single file stands for the folder it lies in. */
  folderPath(id: FolderId): string {
    const path = this.#folders.pathOf(id) ?? refuse('folder')
    return this.#places.get(path) === 'file' ? dirname(path) : path
  }

  placePath(id: FolderId): string {
    const path = this.#folders.pathOf(id)
    return path !== undefined && this.#places.has(path) ? path : refuse('location')
  }

  /** Of a folder or a volume, whichever it is. */
  anyPath(id: FolderId | VolumeId): string {
    return this.#volumes.pathOf(id) ?? this.#folders.pathOf(id) ?? refuse('item')
  }
}

function refuse(what: string): never {
  throw new SpindleError(
    'access-denied',
    `Spindle does not know this ${what} any longer. It may have been moved or removed; nothing was changed.`,
  )
}
