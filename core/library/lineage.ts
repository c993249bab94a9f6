// Which volume of the library lies on which, kept current with what its places tell, and told with each row.

import { existsSync, realpathSync } from 'node:fs'
import type { HolderFacts, LibraryEvent, VolumeFacts } from '../model/library.ts'
import { Multimap } from './multimap.ts'

/** Rows in one event. */
const BATCH = 100

/** All paths are absolute; complete as far as the places have been looked through. */
export class Lineage {
  /** As the places told them. */
  readonly #rows = new Map<string, VolumeFacts>()
  /** As they were told on, without those that are parts of another. */
  readonly #told = new Map<string, VolumeFacts>()
  readonly #parents = new Map<string, string>()
  /** By path of what they lie on, there or not. */
  readonly #children = new Multimap()
  readonly #byIdentity = new Multimap()
  /** Those that know what they lie on by its identity, by that. */
  readonly #seekers = new Multimap()
  /** The images that a file is a part of. */
  readonly #leaders = new Multimap()
  readonly #byInode = new Multimap()
  #holders: ReadonlyMap<string, HolderFacts> = new Map()

  /** Takes in what a place tells; answers with what is to be told on. */
  note(event: LibraryEvent): readonly LibraryEvent[] {
    if (event.kind === 'places') return [event]
    const touched = new Set<string>()
    if (event.kind === 'removed') for (const path of event.paths) this.#remove(path, touched)
    else for (const row of event.volumes) this.#put(row, touched)
    return this.#tell(touched)
  }

  hasInode(inode: string): boolean {
    return this.#byInode.get(inode).length > 0
  }

  /** Who has what open, by inode; answers with what is to be told of it. */
  setHolders(holders: ReadonlyMap<string, HolderFacts>): readonly LibraryEvent[] {
    const inodes = [...this.#holders.keys(), ...holders.keys()]
    this.#holders = holders
    return this.#tell(new Set(inodes.flatMap((inode) => this.#byInode.get(inode))))
  }

  paths(): readonly string[] {
    return [...this.#told.keys()]
  }

  row(path: string): VolumeFacts | undefined {
    return this.#told.get(path)
  }

  rows(): Iterable<VolumeFacts> {
    return this.#told.values()
  }

  /** Volumes that lie directly on one of these. */
  childrenOf(paths: readonly string[]): readonly string[] {
    const known = paths.flatMap((path) => [path, ...this.#byIdentity.get(this.#rows.get(path)?.identity)])
    return [...new Set(known.flatMap((path) => this.#children.get(path)))]
  }

  #put(row: VolumeFacts, touched: Set<string>): void {
    const { path } = row
    this.#unlink(path, touched)
    this.#rows.set(path, row)
    touched.add(path)
    if (row.inode !== undefined) this.#byInode.add(row.inode, path)
    if (row.identity !== undefined) this.#byIdentity.add(row.identity, path)
    if (row.backingIdentity !== undefined) this.#seekers.add(row.backingIdentity, path)
    for (const member of row.members ?? []) {
      this.#leaders.add(member, path)
      touched.add(member)
    }
    this.#link(path, touched)
    this.#relink(row, touched)
  }

  #remove(path: string, touched: Set<string>): void {
    const row = this.#rows.get(path)
    if (!row) return
    this.#unlink(path, touched)
    this.#rows.delete(path)
    touched.add(path)
    this.#relink(row, touched)
  }

  #unlink(path: string, touched: Set<string>): void {
    const row = this.#rows.get(path)
    if (!row) return
    this.#setParent(path, undefined, touched)
    this.#byInode.remove(row.inode, path)
    this.#byIdentity.remove(row.identity, path)
    this.#seekers.remove(row.backingIdentity, path)
    for (const member of row.members ?? []) {
      this.#leaders.remove(member, path)
      touched.add(member)
    }
  }

  /** Others may have found, or lost, what they lie on. */
  #relink({ path, identity }: VolumeFacts, touched: Set<string>): void {
    for (const child of [...this.#children.get(path), ...this.#seekers.get(identity)]) this.#link(child, touched)
  }

  #link(path: string, touched: Set<string>): void {
    const row = this.#rows.get(path)
    if (row) this.#setParent(path, this.#parentOf(row), touched)
  }

  #setParent(path: string, parent: string | undefined, touched: Set<string>): void {
    const before = this.#parents.get(path)
    touched.add(path)
    if (before === parent) return
    this.#children.remove(before, path)
    if (before !== undefined) touched.add(before)
    if (parent === undefined) {
      this.#parents.delete(path)
      return
    }
    this.#parents.set(path, parent)
    this.#children.add(parent, path)
    touched.add(parent)
  }

  /** By name where there is such a row, by identity otherwise, and else by name again, whatever is there. */
  #parentOf({ path, backing, backingPath, backingIdentity }: VolumeFacts): string | undefined {
    if (backing === undefined) return undefined
    if (backingPath !== undefined && this.#rows.has(backingPath)) return backingPath
    const known = this.#byIdentity.get(backingIdentity).find((one) => one !== path)
    if (known !== undefined) return known
    if (backingPath === undefined) return undefined
    const real = realPath(backingPath)
    return this.#rows.has(real) ? real : backingPath
  }

  #tell(touched: ReadonlySet<string>): readonly LibraryEvent[] {
    const removed: string[] = []
    const volumes: VolumeFacts[] = []
    for (const path of touched) {
      const now = this.#shown(path)
      const before = this.#told.get(path)
      if (now) {
        this.#told.set(path, now)
        volumes.push(now)
      } else if (before) {
        this.#told.delete(path)
        removed.push(path)
      }
    }
    return [
      ...batches(removed).map((paths) => ({ kind: 'removed', paths }) as const),
      ...batches(volumes).map((batch) => ({ kind: 'volumes', volumes: batch }) as const),
    ]
  }

  #shown(path: string): VolumeFacts | undefined {
    const row = this.#rows.get(path)
    if (!row || this.#leaders.get(path).some((leader) => this.#rows.has(leader))) return undefined
    const parent = this.#parents.get(path)
    const isThere = parent !== undefined && (this.#rows.has(parent) || existsSync(parent))
    const overlayCount = this.#children.get(path).length
    const inUse = row.inode === undefined ? undefined : this.#holders.get(row.inode)
    return {
      ...row,
      ...(isThere && { parent }),
      ...(row.backing !== undefined && !isThere && { parentMissing: true }),
      ...(overlayCount > 0 && { overlayCount }),
      ...(inUse && { inUse }),
    }
  }
}

function realPath(path: string): string {
  try {
    return realpathSync(path)
  } catch {
    // It is not there.
    return path
  }
}

function batches<T>(all: readonly T[]): readonly (readonly T[])[] {
  const count = Math.ceil(all.length / BATCH)
  return Array.from({ length: count }, (_, index) => all.slice(index * BATCH, (index + 1) * BATCH))
}
