// Folders that are gone when the test is over.

import { mkdtempSync, realpathSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, onTestFinished } from 'vitest'

/** A new empty folder, removed with all that is in it when the running test ends. */
export function scratchFolder(): string {
  const folder = newFolder()
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }))
  return folder
}

/** The same for all tests of a file: to be called outside of them. */
export function sharedFolder(): string {
  const folder = newFolder()
  afterAll(() => rmSync(folder, { recursive: true, force: true }))
  return folder
}

function newFolder(): string {
  return mkdtempSync(join(realpathSync(tmpdir()), 'spindle-'))
}
