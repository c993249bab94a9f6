// The page's own files: a fixed list made at the start, so that no address can lead out of it.

import { readdirSync } from 'node:fs'
import { readFile } from 'node:fs/promises'
import { extname, join } from 'node:path'
import { isOurPage } from './router.ts'

/** No inline code, no eval, nothing from elsewhere, and no frame may hold us. */
const POLICY = [
  "default-src 'none'",
  "script-src 'self'",
  "style-src 'self'",
  "img-src 'self' data:",
  "font-src 'self'",
  "connect-src 'self'",
  "worker-src 'self'",
  "form-action 'none'",
  "base-uri 'none'",
  "frame-ancestors 'none'",
  "object-src 'none'",
  "require-trusted-types-for 'script'",
].join('; ')

const TYPES: Readonly<Record<string, string>> = {
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.css': 'text/css; charset=utf-8',
  '.json': 'application/json',
  '.svg': 'image/svg+xml',
  '.png': 'image/png',
  '.woff2': 'font/woff2',
}

/** Answers requests to the page's scheme. The names in `folder` are read once, now. */
export function pageFiles(folder: string): (request: { readonly url: string }) => Promise<Response> {
  const files = new Map(filesIn(folder).map((name) => [`/${name}`, join(folder, name)]))
  return async ({ url }) => {
    const path = isOurPage(url) ? files.get(new URL(url).pathname) : undefined
    if (path === undefined) return new Response('There is no such file.', { status: 404 })
    return new Response(new Uint8Array(await readFile(path)), {
      headers: {
        'content-type': TYPES[extname(path)] ?? 'application/octet-stream',
        'content-security-policy': POLICY,
        'x-content-type-options': 'nosniff',
        'cache-control': 'no-cache',
      },
    })
  }
}

/** With forward slashes, relative to the folder. */
function filesIn(folder: string, below = ''): readonly string[] {
  return readdirSync(join(folder, below), { withFileTypes: true }).flatMap((entry) => {
    const name = below === '' ? entry.name : `${below}/${entry.name}`
    return entry.isDirectory() ? filesIn(folder, name) : [name]
  })
}
