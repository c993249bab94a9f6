// A file in the making: written as `<name>.partial`, given its name when it is whole, deleted when that never comes.

import { chmod, chown, link, lstat, realpath, rename, unlink } from 'node:fs/promises'
import { dirname, resolve } from 'node:path'
import { openLayer } from '../image/chain.ts'
import { pathOf } from '../image/gate.ts'
import type { OpenFile } from '../image/gate.ts'
import type { OpenGate } from '../image/driver.ts'
import { SpindleError, attempting } from '../model/error.ts'
import type { Storage } from '../storage/storage.ts'
import { syncFolder } from '../storage/folder.ts'
import { systemCode, systemError } from '../storage/system-error.ts'
import type { Parts } from './parts.ts'

export interface TargetSpec {
  /** Absolute. */
  readonly path: string
  /** Whether a file that is there may be replaced. */
  readonly overwrite: boolean
  /** Without drivers, other files of an image that is replaced are not known for what they are, and stay. */
  readonly parts: Pick<Parts, 'openFile' | 'gate'> & Partial<Pick<Parts, 'drivers'>>
  /** Paths of files that must stay as they are, whatever may be overwritten: the sources. */
  readonly untouchable: readonly string[]
  /** Publishes as on a file system without hard links. */
  readonly withoutLinks?: boolean
  /** What is written need not be durable when it gets its name. */
  readonly relaxed?: boolean
}

/** One file being made. */
interface Piece {
  readonly path: string
  readonly partial: string
  readonly storage: Storage
}

/** What is there already under the name. */
interface Existing {
  readonly path: string
  readonly mode: number
  readonly uid: number
  readonly gid: number
}

/** What is to be replaced. */
interface Old {
  readonly existing: Existing | undefined
  readonly held: Storage | undefined
  readonly parts: ReadonlySet<string>
}

export class Target implements AsyncDisposable {
  /** Empty, for the new image. */
  readonly storage: Storage
  /** Shows the image the files that belong to it, those in the making included; makes new ones the same way. */
  readonly gate: OpenGate
  readonly #existing: Existing | undefined
  /** Open so that nobody begins to use it before it is replaced. */
  readonly #replaced: Storage | undefined
  /** Paths of other files of the image that is replaced. */
  readonly #replaceable: ReadonlySet<string>
  readonly #pieces: Piece[]
  readonly #openFile: OpenFile
  readonly #withoutLinks: boolean
  readonly #relaxed: boolean
  #published = false

  private constructor(spec: TargetSpec, old: Old, piece: Piece) {
    this.#replaced = old.held
    this.#replaceable = old.parts
    this.storage = piece.storage
    this.#existing = old.existing
    this.#pieces = [piece]
    this.#openFile = spec.parts.openFile
    this.#withoutLinks = spec.withoutLinks ?? false
    this.#relaxed = spec.relaxed ?? false
    piece.storage.relaxed = this.#relaxed
    this.gate = {
      open: async (reference, from, access) => {
        const made = this.#pieces.find((one) => one.path === pathOf(reference, from))
        return made ? this.#openFile(made.partial, access) : spec.parts.gate.open(reference, from, access)
      },
      create: async (reference, from) => this.#makeBeside(pathOf(reference, from)),
      secrets: spec.parts.gate.secrets,
    }
  }

  /** Throws `exists` before anything is written when the name is taken and may not be replaced. */
  static async start(spec: TargetSpec): Promise<Target> {
    const existing = await examine(spec)
    const held = existing && (await holdReplaced(existing.path, spec.parts.openFile))
    try {
      const parts = new Set(existing && (await replaceableParts(existing.path, spec)))
      const piece = await makePiece(existing?.path ?? spec.path, spec.parts.openFile)
      return new Target(spec, { existing, held, parts }, piece)
    } catch (error) {
      await held?.close()
      throw error
    }
  }

  /** Bytes the file system gives to all of it. */
  async allocatedSize(): Promise<number> {
    const sizes = await Promise.all(this.#pieces.map(async ({ storage }) => storage.allocatedSize()))
    return sizes.reduce((sum, size) => sum + size, 0)
  }

  /** Opens what has been written so far a second time. */
  async reopen(access: 'read' | 'write'): Promise<Storage> {
    const storage = await this.#openFile(this.storage.name, access)
    storage.relaxed = this.#relaxed
    return storage
  }

  /** Returns when everything written is durable; to be called before publish(). */
  async flush(): Promise<void> {
    for (const { storage } of this.#pieces) await storage.flush()
  }

  /** Gives everything its name: from here on it is no longer deleted. */
  async publish(): Promise<void> {
    const [image, ...others] = this.#pieces
    if (!image) throw new SpindleError('internal', 'a target without a file')
    const named: string[] = []
    try {
      // The image last: it must not be there before the files it refers to.
      for (const piece of others.filter(({ path }) => !this.#replaceable.has(path))) {
        await this.#giveName(piece)
        named.push(piece.path)
      }
      for (const { path, partial } of others.filter(({ path }) => this.#replaceable.has(path)))
        await renameOver(partial, path)
      if (this.#existing) await replace(this.#existing, image.partial)
      else await this.#giveName(image)
    } catch (error) {
      for (const path of named) await unlink(path)
      throw error
    }
    this.#published = true
    if (!this.#relaxed) await syncFolders(this.#pieces)
    await this.#close()
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#close()
    if (this.#published) return
    for (const { partial } of this.#pieces) await removeIfThere(partial)
  }

  async #makeBeside(path: string): Promise<Storage> {
    if (this.#pieces.some((one) => one.path === path)) {
      throw new SpindleError('invalid-argument', `${path} cannot be two files of one image at the same time.`, { path })
    }
    if (!this.#replaceable.has(path) && (await entryAt(path))) throw alreadyThere(path)
    const piece = await makePiece(path, this.#openFile)
    piece.storage.relaxed = this.#relaxed
    this.#pieces.push(piece)
    return piece.storage
  }

  async #giveName({ path, partial }: Piece): Promise<void> {
    try {
      if (!this.#withoutLinks && (await linked(partial, path))) {
        await unlink(partial)
        return
      }
      // Without hard links there is a moment in which a file that appears just now would be replaced.
      if (await entryAt(path)) throw alreadyThere(path)
      await rename(partial, path)
    } catch (error) {
      throw systemError(error, 'create', path)
    }
  }

  async #close(): Promise<void> {
    await this.#replaced?.close()
    for (const { storage } of this.#pieces) await storage.close()
  }
}

async function examine(spec: TargetSpec): Promise<Existing | undefined> {
  const entry = await entryAt(spec.path)
  if (!entry) return undefined
  const path = await realpath(spec.path).catch(() => spec.path)
  const found = (await entryAt(path)) ?? entry
  for (const source of spec.untouchable) {
    const other = await entryAt(await realpath(source).catch(() => source))
    if (other?.dev === found.dev && other.ino === found.ino) throw targetIsSource(spec.path, source)
  }
  if (!spec.overwrite) throw alreadyThere(spec.path)
  if (!found.isFile()) {
    throw new SpindleError('invalid-argument', `${spec.path} is not a regular file, so it cannot be replaced by one.`, {
      path: spec.path,
    })
  }
  return { path, mode: Number(found.mode) & 0o7777, uid: Number(found.uid), gid: Number(found.gid) }
}

/** Throws `in-use` for a file that another program is writing: a virtual machine's disk is not taken from under it. */
async function holdReplaced(path: string, open: OpenFile): Promise<Storage | undefined> {
  try {
    return await open(path, 'read')
  } catch (error) {
    // It may be replaced without being readable, and need not be sound.
    if (error instanceof SpindleError && error.code !== 'in-use') return undefined
    throw error
  }
}

/** Throws `in-use` as above, and where such a file is a source. */
async function replaceableParts(path: string, { parts, untouchable }: TargetSpec): Promise<readonly string[]> {
  const { drivers, openFile, gate } = parts
  if (!drivers) return []
  try {
    await using layer = await openLayer(await openFile(path, 'read'), undefined, 'read', { drivers, gate })
    const names = (layer.files ?? []).map(({ name }) => name)
    const sources = new Set(await Promise.all(untouchable.map(async (source) => realpath(source).catch(() => source))))
    const source = names.find((name) => sources.has(name))
    if (source !== undefined) throw targetIsSource(source, source)
    return names
  } catch (error) {
    const matters = error instanceof SpindleError && (error.code === 'in-use' || error.code === 'invalid-argument')
    if (error instanceof SpindleError && !matters) return []
    throw error
  }
}

async function renameOver(partial: string, path: string): Promise<void> {
  try {
    await rename(partial, path)
  } catch (error) {
    throw systemError(error, 'write', path)
  }
}

async function makePiece(path: string, open: OpenFile): Promise<Piece> {
  const partial = `${resolve(path)}.partial`
  try {
    return { path, partial, storage: await open(partial, 'create') }
  } catch (error) {
    if (!(error instanceof SpindleError)) throw error
    if (error.code !== 'exists') {
      // It is the name of the image that the user knows.
      return attempting('create', async () => Promise.reject(systemError(error.cause ?? error, 'create', path)))
    }
    throw new SpindleError(
      'exists',
      `${partial} is there already: a run that is still going on is writing it, or one that was cut off left it behind. Nothing was changed. Delete it if nothing is writing it any more.`,
      { path: partial, cause: error },
    )
  }
}

function targetIsSource(path: string, source: string): SpindleError {
  const relation = source === path ? 'a source itself' : `the same file as the source ${source}`
  const message = `${path} is ${relation}, so it cannot be the target. Nothing was changed. Choose another name.`
  return new SpindleError('invalid-argument', message, { path })
}

function alreadyThere(path: string): SpindleError {
  const message = `${path} exists already and was not touched. Choose another name, or allow overwriting it.`
  return new SpindleError('exists', message, { path })
}

async function entryAt(path: string) {
  try {
    return await lstat(path, { bigint: true })
  } catch (error) {
    if (systemCode(error) === 'ENOENT') return undefined
    throw systemError(error, 'examine', path)
  }
}

/** False where the file system has no hard links. */
async function linked(from: string, to: string): Promise<boolean> {
  try {
    await link(from, to)
    return true
  } catch (error) {
    if (NO_LINKS.has(systemCode(error) ?? '')) return false
    throw error
  }
}

const NO_LINKS = new Set(['EPERM', 'ENOTSUP', 'EOPNOTSUPP', 'ENOSYS', 'EMLINK', 'EXDEV'])

/** The new file takes the place of the old one and, as far as we may, its owner and permissions. */
async function replace(existing: Existing, partial: string): Promise<void> {
  try {
    await chown(partial, existing.uid, existing.gid).catch((error: unknown) => {
      // Only root gives files away; for everyone else a new file is their own.
      if (systemCode(error) !== 'EPERM') throw error
    })
    await chmod(partial, existing.mode)
    await rename(partial, existing.path)
  } catch (error) {
    throw systemError(error, 'write', existing.path)
  }
}

async function syncFolders(pieces: readonly Piece[]): Promise<void> {
  for (const folder of new Set(pieces.map((one) => dirname(one.path)))) await syncFolder(folder)
}

async function removeIfThere(path: string): Promise<void> {
  try {
    await unlink(path)
  } catch (error) {
    if (systemCode(error) !== 'ENOENT') throw systemError(error, 'write', path)
  }
}
