// The files named when Spindle was started, or started a second time.

import { resolve } from 'node:path'
import { fileURLToPath } from 'node:url'

/** Absolute paths of what is neither a switch nor, while developing, the application itself. */
export function filesNamed(argv: readonly string[], folder: string, packaged: boolean): readonly string[] {
  const words = argv.slice(1).filter((word) => word !== '' && !word.startsWith('-'))
  return (packaged ? words : words.slice(1)).flatMap((word) => pathOf(word, folder))
}

function pathOf(word: string, folder: string): readonly string[] {
  if (!/^[a-z][a-z0-9+.-]+:\/\//i.test(word)) return [resolve(folder, word)]
  try {
    return [fileURLToPath(word)]
  } catch {
    return [] // an address of something that is no file here
  }
}
