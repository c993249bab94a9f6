// Hearing of changes in the folders of a place, by the system's own notices.

import fs from 'node:fs'
import { join } from 'node:path'

export interface Watching {
  /** A file or folder that may have come, gone or changed; the folder itself when the system does not say which. */
  readonly changed: (path: string) => void
  /** From now on changes may go unheard. */
  readonly failed: () => void
}

/** One notice for a whole tree is to be had on Windows and macOS; elsewhere every folder needs its own. */
const WHOLE_TREES = process.platform === 'win32' || process.platform === 'darwin'

/** The system's watchers in a tree of folders, whose top is added first. */
export class FolderWatches {
  readonly #listener: Watching
  readonly #watchers = new Map<string, fs.FSWatcher>()

  constructor(listener: Watching) {
    this.#listener = listener
  }

  /** To be called before the folder is listed: then nothing can happen unseen in between. */
  add(folder: string): void {
    if (this.#watchers.has(folder) || (WHOLE_TREES && this.#watchers.size > 0)) return
    try {
      const watcher = fs.watch(folder, { recursive: WHOLE_TREES, persistent: false }, (_event, name) => {
        this.#listener.changed(name === null ? folder : join(folder, name))
      })
      watcher.on('error', () => {
        this.remove(folder)
        this.#listener.failed()
      })
      this.#watchers.set(folder, watcher)
    } catch {
      // The system's watches are used up, or the folder is gone: looking now and then replaces the notices.
      this.#listener.failed()
    }
  }

  remove(folder: string): void {
    this.#watchers.get(folder)?.close()
    this.#watchers.delete(folder)
  }

  close(): void {
    for (const watcher of this.#watchers.values()) watcher.close()
    this.#watchers.clear()
  }
}
