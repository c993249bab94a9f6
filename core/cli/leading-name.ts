// The image that a named file is a part of: what is done to one file of it is done to all.

import { existsSync } from 'node:fs'
import type { Operations } from '../index.ts'

/** The path itself where it cannot be opened, or is not there: whoever uses it says so. */
export async function leadingName(path: string, operations: Operations): Promise<string> {
  if (!existsSync(path)) return path
  const [facts] = await operations.inspect({ path, chain: false }).catch(() => [])
  return facts?.path ?? path
}
