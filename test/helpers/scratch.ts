// Folders that are gone when the test is over.

import { mkdtempSync, realpathSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { onTestFinished } from 'vitest'

/** A new empty folder, removed with all that is in it when the running test ends. */
export function scratchFolder(): string {
  const folder = mkdtempSync(join(realpathSync(tmpdir()), 'spindle-'))
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }))
  return folder
}
