// A looked-into folder of a place: which rows and folders it gave.

import type { Stats } from 'node:fs'

export interface Folder {
  readonly path: string
  /** Tells it from another folder that took its name. */
  readonly identity: string
  /** Row stamps by file name. */
  readonly volumes: Map<string, string>
  /** Files that are no rows because they are parts of one: the name of that, by theirs. */
  readonly parts: Map<string, string>
  readonly folders: Map<string, Folder>
  /** Set when it no longer belongs to the place, also for those still working in it. */
  gone: boolean
}

export function newFolder(path: string, stats: Stats): Folder {
  return { path, identity: identityOf(stats), volumes: new Map(), parts: new Map(), folders: new Map(), gone: false }
}

/** Inode numbers are used again at once, so the time of birth belongs to it. */
export function identityOf(stats: Stats): string {
  return `${stats.dev}:${stats.ino}:${stats.birthtimeMs}`
}

/** Equal as long as a file was neither changed nor exchanged. */
export function stampOf(stats: Stats): string {
  return `${identityOf(stats)}:${stats.size}:${stats.blocks}:${stats.mtimeMs}:${stats.ctimeMs}`
}

/** The folder and everything below it. */
export function* foldersBelow(folder: Folder): Generator<Folder> {
  yield folder
  for (const child of folder.folders.values()) yield* foldersBelow(child)
}
