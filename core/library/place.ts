// One place of the library: looked through once, then kept up to date by the system's notices of change.

import type { Stats } from 'node:fs'
import { stat, statfs } from 'node:fs/promises'
import { basename, dirname } from 'node:path'
import type { ImageDriver } from '../image/driver.ts'
import { errorData } from '../model/error.ts'
import type { ErrorData } from '../model/error.ts'
import type { PlaceFacts, SpaceFacts } from '../model/library.ts'
import { systemError } from '../storage/system-error.ts'
import { foldersBelow, identityOf } from './folder.ts'
import type { Outbox } from './outbox.ts'
import { Tree } from './tree.ts'
import type { Look } from './tree.ts'
import { hasImageName, isPassedOver } from './volume.ts'
import { FolderWatches } from './watch.ts'

/** Milliseconds a change may be followed by others before the file is looked at. */
const SETTLING = 200
/** Looking through a place over and over may take one in so many milliseconds. */
const LOOK_SHARE = 20
/** Not files of anyone: reading some of them has effects. */
const SYSTEM_FOLDERS: ReadonlySet<string> = new Set(['/proc', '/sys', '/dev'])
/** File systems whose files others may change, unheard here: nfs, cifs, smb2, fuse, 9p, ceph. */
const SHARED_FILE_SYSTEMS: ReadonlySet<number> = new Set([
  0x6969, 0xff534d42, 0xfe534d42, 0x65735546, 0x01021997, 0x00c36400,
])

const FIRST_LOOK: Look = { again: false, deep: true, signatures: true }
/** Only names: reading every file of a big folder over and over would be felt. */
const ROUTINE_LOOK: Look = { again: false, deep: true, signatures: false }

/** How a place is kept up to date beside the system's notices. */
export interface Rhythm {
  /** Milliseconds between two checks whether places are there and how full they are. */
  readonly checkInterval: number
  /** Milliseconds after which a place whose changes go unheard is looked through again. */
  readonly lookInterval: number
  /** Takes all places for such. */
  readonly deaf: boolean
}

export interface PlaceContext {
  readonly drivers: readonly ImageDriver[]
  readonly outbox: Outbox
  /** Whether the path is a place of its own, so that its rows are not shown twice. */
  readonly isPlace: (path: string) => boolean
  readonly rhythm: Rhythm
  readonly halfMoved?: (path: string) => void
}

export class Place {
  readonly path: string
  readonly #context: PlaceContext
  readonly #watches: FolderWatches
  readonly #changes = new Set<string>()
  #tree: Tree | undefined
  #kind: PlaceFacts['kind']
  #state: PlaceFacts['state'] = 'scanning'
  #space: SpaceFacts | undefined
  #error: ErrorData | undefined
  /** All looking, one after the other. */
  #work: Promise<void> = Promise.resolve()
  #timer: NodeJS.Timeout | undefined
  #checking = false
  /** Milliseconds of performance.now(). */
  #nextLook = 0
  #deaf: boolean
  #closed = false

  constructor(path: string, context: PlaceContext) {
    this.path = path
    this.#context = context
    this.#deaf = context.rhythm.deaf
    this.#kind = hasImageName(context.drivers, path) ? 'file' : 'folder'
    this.#watches = new FolderWatches({
      changed: (changed) => {
        if (!context.rhythm.deaf) this.look(changed)
      },
      failed: () => {
        this.#deaf = true
      },
    })
  }

  facts(): PlaceFacts {
    const error = this.#error ?? this.#tree?.error
    return {
      path: this.path,
      kind: this.#kind,
      state: this.#state,
      volumeCount: this.#tree?.volumeCount ?? 0,
      ...(this.#space && { space: this.#space }),
      ...(error && { error }),
    }
  }

  folders(): readonly string[] {
    return this.#tree ? [...foldersBelow(this.#tree.root)].map(({ path }) => path) : []
  }

  /** Looks through the place; returns when that is done. `again` reads and tells also what seems unchanged. */
  async scan(how: { readonly again: boolean }): Promise<void> {
    await this.#queue(() => this.#scan({ ...FIRST_LOOK, ...how }))
    await this.check()
  }

  /** Looks at one path in the place, soon. */
  look(path: string): void {
    if (this.#closed) return
    this.#changes.add(path)
    this.#timer ??= setTimeout(() => void this.#lookAtChanges(), SETTLING)
  }

  /** Lets go of a part that has become a place of its own. */
  yieldTo(path: string): void {
    this.#tree?.forget(path)
  }

  /** Whether the place is still there, and how full its file system is. */
  async check(): Promise<void> {
    // A check of a file system that does not answer may take minutes: the next ones do not join it.
    if (this.#checking || this.#closed) return
    this.#checking = true
    try {
      if (await this.#hasComeOrGone()) await this.#queue(() => this.#scan(FIRST_LOOK))
      await this.#measureSpace()
      if (this.#deaf && performance.now() >= this.#nextLook) await this.#queue(() => this.#lookAgain())
    } finally {
      this.#checking = false
    }
  }

  /** Takes its rows back and lets go of its folders. */
  async close(): Promise<void> {
    this.#closed = true
    clearTimeout(this.#timer)
    this.#tree?.drop()
    this.#watches.close()
    await this.#work
  }

  async #scan(how: Look): Promise<void> {
    try {
      await this.#openTree()
    } catch (error) {
      this.#tree?.drop()
      this.#tree = undefined
      this.#state = 'missing'
      this.#error = errorData(systemError(error, 'open', this.path))
      this.#context.outbox.placesChanged()
      return
    }
    this.#state = 'scanning'
    this.#error = undefined
    this.#context.outbox.placesChanged()
    await this.#tree?.look(how)
    this.#state = 'watching'
    this.#context.outbox.placesChanged()
  }

  async #openTree(): Promise<void> {
    const stats = await stat(this.path)
    const kind = stats.isDirectory() ? 'folder' : 'file'
    // A file is watched through its folder, so that one that takes its name is seen.
    const root = kind === 'folder' ? this.path : dirname(this.path)
    const rootStats = kind === 'folder' ? stats : await stat(root)
    if (this.#tree && this.#kind === kind && this.#tree.root.identity === identityOf(rootStats)) return
    this.#tree?.drop()
    this.#kind = kind
    const { drivers, outbox, halfMoved } = this.#context
    this.#tree = new Tree(root, rootStats, {
      place: this.path,
      drivers,
      watches: this.#watches,
      shows: (path) => this.#shows(path),
      chosen: kind === 'file',
      volume: (facts) => outbox.volume(facts),
      removed: (path) => outbox.removed(path),
      ...(halfMoved && { halfMoved }),
    })
  }

  async #hasComeOrGone(): Promise<boolean> {
    const there = await statsOrNothing(this.path)
    const tree = this.#tree
    if (!there || !tree) return (there === undefined) !== (this.#state === 'missing')
    const root = await statsOrNothing(tree.root.path)
    return there.isDirectory() !== (this.#kind === 'folder') || !root || identityOf(root) !== tree.root.identity
  }

  async #measureSpace(): Promise<void> {
    const found = this.#state === 'missing' ? undefined : await statfs(this.path).catch(() => undefined)
    if (found && SHARED_FILE_SYSTEMS.has(found.type)) this.#deaf = true
    const space = found && { total: found.blocks * found.bsize, free: found.bavail * found.bsize }
    if (space?.free === this.#space?.free && space?.total === this.#space?.total) return
    this.#space = space
    this.#context.outbox.placesChanged()
  }

  async #lookAtChanges(): Promise<void> {
    this.#timer = undefined
    const paths = [...this.#changes]
    this.#changes.clear()
    await this.#queue(async () => {
      for (const path of paths) await this.#tree?.lookAt(path)
    })
    await this.check()
  }

  async #lookAgain(): Promise<void> {
    const start = performance.now()
    await this.#tree?.look(ROUTINE_LOOK)
    const end = performance.now()
    this.#nextLook = end + Math.max(this.#context.rhythm.lookInterval, LOOK_SHARE * (end - start))
  }

  #shows(path: string): boolean {
    if (this.#kind === 'file') return path === this.path
    return !isPassedOver(basename(path)) && !this.#context.isPlace(path) && !SYSTEM_FOLDERS.has(path)
  }

  #queue(work: () => Promise<void>): Promise<void> {
    this.#work = this.#workAfter(this.#work, work)
    return this.#work
  }

  async #workAfter(before: Promise<void>, work: () => Promise<void>): Promise<void> {
    await before
    if (this.#closed) return
    try {
      await work()
    } catch (error) {
      this.#error = errorData(error)
      this.#context.outbox.placesChanged()
    }
  }
}

async function statsOrNothing(path: string): Promise<Stats | undefined> {
  return stat(path).catch(() => undefined)
}
