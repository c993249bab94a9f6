// The built window with the fake in place of Electron, served under the policy it will have: for looking at, and for tests.

import react from '@vitejs/plugin-react'
import { createServer } from 'node:http'
import { extname } from 'node:path'
import { fileURLToPath } from 'node:url'
import { build } from 'vite'

const root = fileURLToPath(new URL('../../../', import.meta.url))

/** As strict as the shell's. */
const POLICY = [
  "default-src 'none'",
  "script-src 'self'",
  "style-src 'self'",
  "img-src 'self' data:",
  "font-src 'self'",
  "connect-src 'self'",
  "require-trusted-types-for 'script'",
].join('; ')

const TYPES: Readonly<Record<string, string>> = {
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.css': 'text/css; charset=utf-8',
  '.woff2': 'font/woff2',
}

export interface Preview extends AsyncDisposable {
  /** Ends with a slash. */
  readonly address: string
}

export async function startPreview(): Promise<Preview> {
  const files = await buildPage()
  const server = createServer((request, response) => {
    const path = new URL(request.url ?? '/', 'http://localhost').pathname
    const name = path === '/' ? 'index.html' : path.slice(1)
    const content = files.get(name)
    response.writeHead(content === undefined ? 404 : 200, {
      'content-type': TYPES[extname(name)] ?? 'application/octet-stream',
      'content-security-policy': POLICY,
    })
    response.end(content)
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const address = server.address()
  if (address === null || typeof address === 'string') throw new Error('The preview has no address.')
  return {
    address: `http://127.0.0.1:${address.port}/`,
    [Symbol.asyncDispose]: () =>
      new Promise((resolve) => {
        server.close(() => resolve())
        server.closeAllConnections()
      }),
  }
}

async function buildPage(): Promise<ReadonlyMap<string, string | Uint8Array>> {
  const result = await build({
    configFile: false,
    root: `${root}renderer`,
    base: './',
    logLevel: 'warn',
    plugins: [
      react(),
      {
        name: 'fake-spindle',
        // Before the page's own script, which asks for the window's API at once.
        transformIndexHtml: {
          order: 'pre',
          handler: (html) =>
            html.replace(
              '<script type="module" src="./main.tsx">',
              '<script type="module" src="../test/renderer/preview/start.ts"></script>$&',
            ),
        },
      },
    ],
    build: {
      write: false,
      minify: false,
      assetsInlineLimit: 0,
      modulePreload: { polyfill: false },
      target: 'chrome140',
    },
  })
  if (!('output' in result)) throw new Error('The page was not built as one bundle.')
  return new Map(result.output.map((file) => [file.fileName, file.type === 'chunk' ? file.code : file.source]))
}
