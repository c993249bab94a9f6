// What a move is about to do, written down beside the image before it begins, so that a crash leaves nothing half done.

import { open, readFile, rename } from 'node:fs/promises'
import { dirname } from 'node:path'
import { errorData } from '../model/error.ts'
import type { BackingRef } from '../model/image.ts'
import { syncFolder } from '../storage/folder.ts'
import { systemCode, systemError } from '../storage/system-error.ts'
import type { Child } from './move-children.ts'
import { removeFile } from './move-file.ts'

export const MOVE_JOURNAL = '.spindle-move'

export interface FileMove {
  readonly from: string
  readonly to: string
}

export interface MoveJournal {
  readonly version: number
  /**
   * `preparing`: the files may have second names, or copies; they are to be taken back. `placed`: all of them are there,
   * or only have to be renamed, and what is left is to be done.
   */
  readonly phase: 'preparing' | 'placed'
  /** How the files come to the other place. */
  readonly by: 'link' | 'rename' | 'copy'
  /** The image last. */
  readonly files: readonly FileMove[]
  readonly children: readonly Child[]
  /** What the image itself lies on: the name that holds in both folders, and the one to keep. */
  readonly own?: {
    readonly format?: string
    readonly before: BackingRef
    readonly between: BackingRef
    readonly after: BackingRef
  }
}

const VERSION = 1

export function journalOf(path: string): string {
  return `${path}${MOVE_JOURNAL}`
}

/** Durable, and whole at every moment. */
export async function writeJournal(path: string, journal: Omit<MoveJournal, 'version'>): Promise<void> {
  const name = journalOf(path)
  try {
    {
      await using file = await open(`${name}.new`, 'w')
      await file.writeFile(`${JSON.stringify({ version: VERSION, ...journal }, undefined, 1)}\n`)
      await file.sync()
    }
    await rename(`${name}.new`, name)
  } catch (error) {
    throw systemError(error, 'create', name)
  }
  await syncFolder(dirname(name))
}

/** Undefined when no move of this image is to be ended. */
export async function readJournal(path: string): Promise<MoveJournal | undefined> {
  try {
    const journal = JSON.parse(await readFile(journalOf(path), 'utf8')) as MoveJournal
    // Of a newer Spindle, or not ours: it is left alone.
    return journal.version === VERSION ? journal : undefined
  } catch (error) {
    if (systemCode(error) === 'ENOENT' || error instanceof SyntaxError) return undefined
    throw systemError(error, 'read', errorData(error).path ?? journalOf(path))
  }
}

export async function removeJournal(path: string): Promise<void> {
  await removeFile(journalOf(path))
  await syncFolder(dirname(path))
}
