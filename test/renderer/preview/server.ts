// Serves the window with the fake in place of Electron: for looking at, and for tests in a browser.

import react from '@vitejs/plugin-react'
import { fileURLToPath } from 'node:url'
import { createServer } from 'vite'
import type { ViteDevServer } from 'vite'

const root = fileURLToPath(new URL('../../../', import.meta.url))

export interface Preview extends AsyncDisposable {
  /** Ends with a slash. */
  readonly address: string
}

export async function startPreview(): Promise<Preview> {
  const server: ViteDevServer = await createServer({
    configFile: false,
    root: `${root}renderer`,
    logLevel: 'warn',
    cacheDir: `${root}node_modules/.vite-preview`,
    plugins: [
      react(),
      {
        name: 'fake-spindle',
        transformIndexHtml: () => [
          {
            tag: 'script',
            attrs: { type: 'module', src: `/@fs${root}test/renderer/preview/start.ts` },
            injectTo: 'head-prepend',
          },
        ],
      },
    ],
    // Without its own reload the page cannot take dependencies that were found late.
    optimizeDeps: { force: true },
    server: { host: '127.0.0.1', port: 0, hmr: false, watch: null, fs: { allow: [root] } },
  })
  await server.listen()
  const address = server.resolvedUrls?.local[0]
  if (address === undefined) throw new Error('The preview has no address.')
  return { address, [Symbol.asyncDispose]: () => server.close() }
}
