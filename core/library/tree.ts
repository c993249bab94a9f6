// The folders of a place as last seen, and the looking that brings them up to date.

import fs from 'node:fs'
import { readdir } from 'node:fs/promises'
import { basename, dirname, join, relative, sep } from 'node:path'
import { setImmediate as nextTurn } from 'node:timers/promises'
import type { ImageDriver } from '../image/driver.ts'
import { leadingPath } from '../image/leading.ts'
import { errorData } from '../model/error.ts'
import type { ErrorData } from '../model/error.ts'
import type { VolumeFacts } from '../model/library.ts'
import { openFile } from '../storage/file.ts'
import { systemError } from '../storage/system-error.ts'
import { foldersBelow, identityOf, newFolder, stampOf } from './folder.ts'
import type { Folder } from './folder.ts'
import { hasImageName, readVolume } from './volume.ts'
import type { FolderWatches } from './watch.ts'

/** Milliseconds of work after which others get their turn. */
const SLICE = 8

export interface TreeContext {
  /** The place's path, for its rows. */
  readonly place: string
  readonly drivers: readonly ImageDriver[]
  readonly watches: FolderWatches
  /** Whether a file or folder is to be looked at, by its path. */
  readonly shows: (path: string) => boolean
  /** Whether files are volumes because the user named them. */
  readonly chosen: boolean
  readonly volume: (facts: VolumeFacts) => void
  readonly removed: (path: string) => void
  readonly halfMoved?: (path: string) => void
}

/** What a move keeps beside the image until it has come to its end. */
const HALF_MOVED = '.spindle-move'

export interface Look {
  /** Read files again whose stamp has not changed. */
  readonly again: boolean
  /** Go into folders that are known already. */
  readonly deep: boolean
  /** Read files whose name says nothing, too. */
  readonly signatures: boolean
}

/** Calls of look() and lookAt() must not overlap. */
export class Tree {
  readonly root: Folder
  readonly #context: TreeContext
  #volumeCount = 0
  #error: ErrorData | undefined
  #sliceEnd = 0

  constructor(path: string, stats: fs.Stats, context: TreeContext) {
    this.root = newFolder(path, stats)
    this.#context = context
  }

  get volumeCount(): number {
    return this.#volumeCount
  }

  /** Why the first of the folders that could not be listed was not. */
  get error(): ErrorData | undefined {
    return this.#error
  }

  /** Looks through everything. */
  async look(how: Look): Promise<void> {
    this.#error = undefined
    await this.#walk(this.root, how)
  }

  /** Looks at one file or folder that may have come, gone or changed. */
  async lookAt(path: string): Promise<void> {
    const nearby: Look = { again: false, deep: false, signatures: true }
    if (path === this.root.path) {
      await this.#walk(this.root, nearby)
      return
    }
    const parent = this.#find(dirname(path))
    const name = basename(path)
    if (!parent || !this.#context.shows(path)) return
    const stats = fs.lstatSync(path, { throwIfNoEntry: false })
    if (stats?.isDirectory()) {
      const folder = this.#enter(parent, name)
      if (folder) await this.#walk(folder, nearby)
    } else {
      this.#forgetFolder(parent, name)
      await this.#file(parent, name, { ...nearby, again: true })
      await this.#related(parent, name)
    }
  }

  /** Takes back the rows of one path, and all below it. */
  forget(path: string): void {
    const parent = this.#find(dirname(path))
    if (parent) this.#forget(parent, basename(path))
  }

  /** Takes back everything; whoever still works in the tree stops. */
  drop(): void {
    this.#drop(this.root)
  }

  /** Files before folders, upper folders before lower ones: what people look for first comes first. */
  async #walk(start: Folder, how: Look): Promise<void> {
    const queue = [start]
    for (const folder of queue) {
      const entries = await this.#list(folder)
      const names = new Set(entries.map((entry) => entry.name))
      for (const name of [...folder.volumes.keys(), ...folder.parts.keys(), ...folder.folders.keys()]) {
        if (!names.has(name)) this.#forget(folder, name)
      }
      for (const entry of entries) {
        if (folder.gone) break
        if (entry.isDirectory()) {
          const known = folder.folders.get(entry.name)
          const child = this.#enter(folder, entry.name)
          if (child && (how.deep || child !== known)) queue.push(child)
        } else {
          this.#forgetFolder(folder, entry.name)
          await this.#file(folder, entry.name, how)
        }
        await this.#breathe()
      }
    }
  }

  async #list(folder: Folder): Promise<readonly fs.Dirent[]> {
    if (folder.gone) return []
    this.#context.watches.add(folder.path)
    try {
      const entries = await readdir(folder.path, { withFileTypes: true })
      for (const { name } of entries) {
        if (name.endsWith(HALF_MOVED)) this.#context.halfMoved?.(join(folder.path, name.slice(0, -HALF_MOVED.length)))
      }
      return entries.filter((entry) => this.#context.shows(join(folder.path, entry.name))).toSorted(filesFirst)
    } catch (error) {
      this.#error ??= errorData(systemError(error, 'open', folder.path))
      return []
    }
  }

  /** The folder of that name, a new one where another has taken its place. */
  #enter(parent: Folder, name: string): Folder | undefined {
    const path = join(parent.path, name)
    const stats = fs.lstatSync(path, { throwIfNoEntry: false })
    const known = parent.folders.get(name)
    if (known && stats && known.identity === identityOf(stats)) return known
    this.#forget(parent, name)
    if (!stats?.isDirectory()) return undefined
    const folder = newFolder(path, stats)
    parent.folders.set(name, folder)
    return folder
  }

  async #file(folder: Folder, name: string, how: Look): Promise<void> {
    const path = join(folder.path, name)
    const { drivers, chosen, place } = this.#context
    const stats = fs.lstatSync(path, { throwIfNoEntry: false })
    const known = folder.volumes.get(name)
    if (!stats?.isFile()) {
      this.#forgetVolume(folder, name)
      return
    }
    const leader = chosen ? path : await leadingPath(path, undefined, { drivers, openFile })
    if (leader !== path) {
      this.#forgetVolume(folder, name)
      folder.parts.set(name, basename(leader))
      return
    }
    folder.parts.delete(name)
    const stamp = stampOf(stats)
    if (known === stamp && !how.again) return
    if (!how.signatures && !chosen && known === undefined && !hasImageName(drivers, path)) return
    const shown = relative(this.root.path, path).split(sep).join('/')
    const volume = await readVolume({ path, place, name: shown, stats, chosen }, drivers)
    if (folder.gone) return
    if (!volume) {
      this.#forgetVolume(folder, name)
      return
    }
    if (known === undefined) this.#volumeCount += 1
    folder.volumes.set(name, stamp)
    this.#context.volume(volume)
  }

  /** A part that has changed changes its image; an image that has come or gone hides or shows its parts. */
  async #related(folder: Folder, name: string): Promise<void> {
    const { drivers } = this.#context
    const leads = (part: string): boolean =>
      folder.parts.get(part) === name || drivers.some((driver) => driver.leadersOf?.(part).includes(name) === true)
    const parts = [...folder.volumes.keys(), ...folder.parts.keys()].filter((part) => part !== name && leads(part))
    const leader = folder.parts.get(name)
    for (const other of leader === undefined ? parts : [leader])
      await this.#file(folder, other, { again: true, deep: false, signatures: true })
  }

  /** The known folder at a path in the tree. */
  #find(path: string): Folder | undefined {
    const way = relative(this.root.path, path)
    let folder: Folder | undefined = this.root
    for (const name of way === '' ? [] : way.split(sep)) folder = folder?.folders.get(name)
    return folder
  }

  #forget(parent: Folder, name: string): void {
    this.#forgetFolder(parent, name)
    this.#forgetVolume(parent, name)
  }

  #forgetFolder(parent: Folder, name: string): void {
    const folder = parent.folders.get(name)
    if (folder) this.#drop(folder)
    parent.folders.delete(name)
  }

  #forgetVolume(parent: Folder, name: string): void {
    parent.parts.delete(name)
    if (!parent.volumes.delete(name)) return
    this.#volumeCount -= 1
    this.#context.removed(join(parent.path, name))
  }

  #drop(top: Folder): void {
    for (const folder of foldersBelow(top)) {
      folder.gone = true
      this.#context.watches.remove(folder.path)
      for (const name of folder.volumes.keys()) this.#forgetVolume(folder, name)
    }
  }

  /** Files are read synchronously, so others must be let in now and then. */
  async #breathe(): Promise<void> {
    if (performance.now() < this.#sliceEnd) return
    await nextTurn()
    this.#sliceEnd = performance.now() + SLICE
  }
}

function filesFirst(left: fs.Dirent, right: fs.Dirent): number {
  return Number(left.isDirectory()) - Number(right.isDirectory())
}
