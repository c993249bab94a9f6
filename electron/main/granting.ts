// Turns files and folders that the user pointed at into grants the page can use.

import { stat } from 'node:fs/promises'
import { basename, dirname, isAbsolute } from 'node:path'
import type { Folder, Granted } from '../contract/data.ts'
import type { GrantFile } from '../contract/messages.ts'
import { SpindleError, errorData, type Engine } from '../../core/model/index.ts'
import type { Grants } from './grants.ts'
import { shortPath } from './paths.ts'

export class Granting {
  readonly #engine: Engine
  readonly #grants: Grants

  constructor(engine: Engine, grants: Grants) {
    this.#engine = engine
    this.#grants = grants
  }

  /** One answer for each, in their order. One after the other: a thousand dropped images are not opened at once. */
  async all(files: readonly GrantFile[]): Promise<readonly Granted[]> {
    const granted: Granted[] = []
    for (const file of files) granted.push(await this.#one(file))
    return granted
  }

  /** The folder with its free space, where that can be told. */
  async folder(path: string): Promise<Folder> {
    const space = await this.#engine.space(path).catch(() => undefined)
    return { id: this.#grants.folder(path), label: shortPath(path), ...(space && { space }) }
  }

  async #one({ name, path }: GrantFile): Promise<Granted> {
    try {
      if (!isAbsolute(path)) {
        throw new SpindleError(
          'not-found',
          `“${name}” is not a file of this computer. Save it first, then drop it again.`,
        )
      }
      if (await isFolder(path)) return { kind: 'folder', folder: await this.folder(path) }
      const [facts] = await this.#engine.inspect(path)
      if (!facts) throw new SpindleError('internal', `The engine had nothing to say about ${path}.`, { path })
      return {
        kind: 'volume',
        id: this.#grants.volume(path, 'user'),
        name: basename(path),
        folder: await this.folder(dirname(path)),
        facts,
      }
    } catch (thrown) {
      return { kind: 'refused', name: name === '' ? basename(path) : name, error: errorData(thrown) }
    }
  }
}

/** What cannot be looked at is left to the engine, whose sentence says why. */
async function isFolder(path: string): Promise<boolean> {
  const found = await stat(path).catch(() => undefined)
  return found?.isDirectory() === true
}
