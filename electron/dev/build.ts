// `npm run build`: everything that runs, bundled into out/.

import { chmodSync, copyFileSync, mkdirSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { build, type InlineConfig } from 'vite'
import react from '@vitejs/plugin-react'

const root = fileURLToPath(new URL('../../', import.meta.url))
const out = join(root, 'out')

/** One file each, with what it needs inside; `module` is what Node and Electron load it as. */
interface NodeBundle {
  readonly source: string
  readonly file: string
  readonly module: 'es' | 'cjs'
  readonly target: string
  /** Read anew whenever it starts, which is often. */
  readonly small?: boolean
}

const NODE = 'node24'

const NODE_BUNDLES: readonly NodeBundle[] = [
  { source: 'electron/main/main.ts', file: 'main/main.js', module: 'es', target: NODE },
  // A sandboxed preload is loaded as one CommonJS file.
  { source: 'electron/preload/preload.ts', file: 'preload/preload.cjs', module: 'cjs', target: NODE },
  { source: 'electron/engine/engine.ts', file: 'engine/engine.js', module: 'es', target: NODE },
  { source: 'core/transfer/worker.ts', file: 'engine/transfer-worker.js', module: 'es', target: NODE },
  { source: 'core/transfer/worker.ts', file: 'cli/transfer-worker.js', module: 'es', target: NODE },
  { source: 'core/cli/main.ts', file: 'cli/main.js', module: 'es', target: NODE, small: true },
  // Any Node that people have must be able to read this one, if only to say which one is needed.
  { source: 'core/cli/spindle.ts', file: 'cli/spindle.js', module: 'es', target: 'node16' },
]

/** Loaded at run time: one is Electron itself, the other brings a native library. */
const NEVER_BUNDLED = ['electron', 'koffi']

const COMMON: InlineConfig = { configFile: false, logLevel: 'warn', root }

function page(): InlineConfig {
  return {
    ...COMMON,
    root: join(root, 'renderer'),
    base: './',
    plugins: [react()],
    build: {
      outDir: join(out, 'renderer'),
      emptyOutDir: true,
      target: 'chrome140',
      // The page's policy allows no font or script inside a data: address.
      assetsInlineLimit: 0,
      modulePreload: { polyfill: false },
      chunkSizeWarningLimit: 2000,
      sourcemap: true,
    },
  }
}

function node({ source, file, module, target, small }: NodeBundle): InlineConfig {
  return {
    ...COMMON,
    publicDir: false,
    ssr: { noExternal: true, external: NEVER_BUNDLED },
    build: {
      ssr: source,
      outDir: out,
      emptyOutDir: false,
      target,
      minify: small === true,
      sourcemap: true,
      rolldownOptions: {
        external: NEVER_BUNDLED,
        output: { format: module, entryFileNames: file, codeSplitting: false },
      },
    },
  }
}

for (const folder of ['renderer', 'main', 'preload', 'engine', 'cli']) {
  rmSync(join(out, folder), { recursive: true, force: true })
}
await Promise.all([page(), ...NODE_BUNDLES.map(node)].map((config) => build(config)))
chmodSync(join(out, 'cli/spindle.js'), 0o755)
mkdirSync(join(out, 'main'), { recursive: true })
copyFileSync(join(root, 'assets/icons/512x512.png'), join(out, 'main/icon.png'))
