// Names of files as Windows programs write them into images, turned into names that can be followed here.

/**
 * The names to try, best first; none where the text names no file. What has a drive or a server in it leads nowhere on
 * another system, but images that belong together are mostly moved together: such a file is looked for beside the image.
 */
export function namesHere(text: string): readonly string[] {
  const parts = text.replaceAll('\\', '/').split('/')
  const file = parts.at(-1) ?? ''
  if (file === '' || file === '.' || file === '..') return []
  // Programs on Linux write their own absolute names into the same place.
  if (text.startsWith('/')) return [text, plain(file)]
  if (text.startsWith('\\') || /^[a-z]:/i.test(text)) return [plain(file)]
  const relative = parts.filter((part) => part !== '.' && part !== '').join('/')
  return [...new Set([plain(relative), plain(file)])]
}

/** A name must not be taken for one with a protocol. */
function plain(path: string): string {
  return /^[^/]*:/.test(path) ? `./${path}` : path
}
