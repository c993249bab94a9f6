// Who may import whom. The table is the rule; a file that stands in no row fails.

import { readFileSync, readdirSync } from 'node:fs'
import { dirname, join, normalize, relative } from 'node:path'
import { fileURLToPath } from 'node:url'
import { expect, test } from 'vitest'

const root = fileURLToPath(new URL('../../', import.meta.url))

interface Row {
  readonly layer: string
  /** Other layers, by the start of their path. A layer may always import itself. */
  readonly layers: readonly string[]
  /** npm packages and `node:` modules; `node:*` is all of Node. */
  readonly packages: readonly string[]
}

const ROWS: readonly Row[] = [
  { layer: 'core/model', layers: [], packages: [] },
  { layer: 'core/bytes', layers: ['core/model'], packages: [] },
  { layer: 'core/storage', layers: ['core/model', 'core/bytes'], packages: ['node:*', 'koffi'] },
  { layer: 'core/codec', layers: ['core/model', 'core/bytes'], packages: ['node:*'] },
  { layer: 'core/crypto', layers: ['core/model', 'core/bytes', 'core/storage'], packages: ['node:*'] },
  {
    layer: 'core/image',
    layers: ['core/model', 'core/bytes', 'core/storage', 'core/codec', 'core/crypto', 'core/jobs/pace.ts'],
    packages: ['node:*'],
  },
  // A format sees the file only as a Storage: neither Node's fs nor another format.
  {
    layer: 'core/formats/*',
    layers: [
      'core/model',
      'core/bytes',
      'core/image',
      'core/codec',
      'core/crypto',
      'core/storage/storage.ts',
      'core/storage/joined.ts',
      'core/jobs/pace.ts',
    ],
    packages: [],
  },
  { layer: 'core/formats', layers: ['core/image', 'core/formats/*'], packages: [] },
  // Files inside files: the one place that knows archives.
  { layer: 'core/containers', layers: ['core/model', 'core/storage'], packages: ['node:*', 'xz-decompress'] },
  {
    layer: 'core/transfer',
    layers: ['core/model', 'core/bytes', 'core/storage', 'core/codec', 'core/image', 'core/jobs/pace.ts'],
    packages: ['node:*'],
  },
  {
    layer: 'core/library',
    layers: ['core/model', 'core/bytes', 'core/image', 'core/storage', 'core/formats'],
    packages: ['node:*'],
  },
  // What guests wrote: known by its own bytes alone, whatever image it lies in.
  { layer: 'core/contents', layers: ['core/model', 'core/bytes'], packages: ['node:*'] },
  { layer: 'core/jobs', layers: ['core/model', 'core/storage/folder.ts'], packages: ['node:*'] },
  {
    layer: 'core/operations',
    layers: [
      'core/model',
      'core/bytes',
      'core/storage',
      'core/codec',
      'core/image',
      'core/crypto',
      'core/formats',
      'core/containers',
      'core/contents',
      'core/transfer',
      'core/library',
      'core/jobs',
    ],
    packages: ['node:*'],
  },
  { layer: 'core/cli', layers: ['core/model', 'core/index.ts'], packages: ['node:*'] },
  {
    layer: 'core/index.ts',
    layers: [
      'core/model',
      'core/image',
      'core/crypto',
      'core/storage',
      'core/formats',
      'core/transfer',
      'core/library',
      'core/operations',
      'core/jobs',
    ],
    packages: ['node:*'],
  },
  { layer: 'electron/contract', layers: ['core/model'], packages: [] },
  { layer: 'electron/engine', layers: ['electron/contract', 'core/index.ts', 'core/model'], packages: ['node:*'] },
  {
    layer: 'electron/main',
    layers: ['electron/contract', 'core/model', 'assets'],
    packages: ['node:*', 'electron', 'zod', 'conf', 'i18next'],
  },
  { layer: 'electron/preload', layers: ['electron/contract'], packages: ['electron'] },
  { layer: 'electron/dev', layers: [], packages: ['node:*', 'vite', '@vitejs/plugin-react'] },
  { layer: 'renderer/ui', layers: [], packages: ['react', '@base-ui/react', 'lucide-react'] },
  {
    layer: 'renderer/state',
    layers: ['electron/contract', 'core/model'],
    packages: ['react', 'zustand', 'i18next'],
  },
  {
    layer: 'renderer/commands',
    layers: ['renderer/state', 'electron/contract', 'core/model'],
    packages: ['react', 'lucide-react', 'tinykeys', 'i18next'],
  },
  // What draws the engine's facts and tables for more than one screen.
  {
    layer: 'renderer/forms',
    layers: ['renderer/ui', 'renderer/state', 'electron/contract', 'core/model'],
    packages: ['react', 'react-i18next', 'i18next'],
  },
  // A feature is a screen: it never imports another.
  {
    layer: 'renderer/features/*',
    layers: ['renderer/ui', 'renderer/forms', 'renderer/state', 'renderer/commands', 'electron/contract', 'core/model'],
    packages: [
      'react',
      'react-i18next',
      'i18next',
      '@base-ui/react',
      'lucide-react',
      '@tanstack/react-table',
      '@tanstack/react-virtual',
    ],
  },
  {
    layer: 'renderer',
    layers: [
      'renderer/ui',
      'renderer/state',
      'renderer/commands',
      'renderer/features/*',
      'electron/contract',
      'core/model',
      'assets',
    ],
    packages: [
      'react',
      'react-dom',
      'react-i18next',
      'i18next',
      '@base-ui/react',
      '@fontsource-variable/inter',
      '@fontsource-variable/jetbrains-mono',
    ],
  },
]

/** The most exact row wins: `core/formats/qcow2/x.ts` is `core/formats/*`, `core/formats/index.ts` is `core/formats`. */
function rowOf(file: string): Row | undefined {
  return ROWS.filter((row) => belongs(file, row.layer)).toSorted((a, b) => b.layer.length - a.layer.length)[0]
}

function belongs(file: string, layer: string): boolean {
  if (layer.endsWith('/*')) {
    const parent = layer.slice(0, -1)
    return file.startsWith(parent) && file.slice(parent.length).includes('/')
  }
  return file === layer || file.startsWith(`${layer}/`)
}

/** For `formats/*` and `features/*` the folder itself is the unit: `core/formats/qcow2`. */
function unitOf(file: string): string {
  const layer = rowOf(file)?.layer ?? ''
  return layer.endsWith('/*') ? file.split('/').slice(0, layer.split('/').length).join('/') : layer
}

function importsOf(text: string): string[] {
  const code = text.replaceAll(/^\s*(?:\/\/|\*|\/\*).*$/gm, '')
  const pattern = /(?:\bfrom\s*|\bimport\s*\(\s*|\bimport\s+|\brequire\(\s*)(['"])([^'"\s]+)\1/g
  return [...code.matchAll(pattern)].map((match) => match[2] ?? '')
}

function packageOf(specifier: string): string {
  return specifier
    .split('/')
    .slice(0, specifier.startsWith('@') ? 2 : 1)
    .join('/')
}

function faultsOf(file: string, text: string): string[] {
  const row = rowOf(file)
  if (!row) return [`${file}: stands in no row of the table`]
  return importsOf(text).flatMap((specifier) => {
    if (specifier.startsWith('.')) {
      const target = normalize(join(dirname(file), specifier))
      if (unitOf(target) === unitOf(file)) return []
      if (row.layers.some((layer) => belongs(target, layer))) return []
      return [`${file}: may not import ${target}`]
    }
    const allowed = specifier.startsWith('node:')
      ? row.packages.includes('node:*')
      : row.packages.includes(packageOf(specifier))
    return allowed ? [] : [`${file}: may not import the package ${specifier}`]
  })
}

const files = ['core', 'electron', 'renderer'].flatMap((folder) =>
  readdirSync(join(root, folder), { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && /\.(ts|tsx)$/.test(entry.name))
    .map((entry) => relative(root, join(entry.parentPath, entry.name))),
)

test('every file imports only what its layer may', () => {
  expect(files.length).toBeGreaterThan(30)
  expect(files.flatMap((file) => faultsOf(file, readFileSync(join(root, file), 'utf8')))).toEqual([])
})

test('the table catches what it is there to catch', () => {
  const planted: readonly (readonly [string, string])[] = [
    ['core/formats/qcow2/layer.ts', `import { rawDriver } from '../raw/driver.ts'`],
    ['core/formats/qcow2/layer.ts', `import { readFileSync } from 'node:fs'`],
    ['core/model/units.ts', `import { openFile } from '../storage/file.ts'`],
    ['core/image/chain.ts', `import { app } from 'electron'`],
    ['renderer/features/create/dialog.tsx', `import { Strip } from '../inspector/strip.tsx'`],
    ['renderer/ui/button.tsx', `import { useJobs } from '../state/jobs.ts'`],
    ['renderer/app.tsx', `import { readFileSync } from 'node:fs'`],
    ['electron/main/main.ts', `import { createEngine } from '../../core/index.ts'`],
    ['electron/main/main.ts', `await import('left-pad')`],
    ['core/elsewhere/file.ts', ''],
  ]
  for (const [file, text] of planted) expect(faultsOf(file, text), `${file}: ${text}`).toHaveLength(1)
})

test('the top level holds what it may and nothing else', () => {
  const committed =
    'package.json package-lock.json tsconfig.json tsconfig.base.json electron-builder.yml vitest.config.ts ' +
    'playwright.config.ts README.md ARCHITECTURE.md CONTRIBUTING.md LICENSE electron renderer core test assets'
  const madeByTools = 'node_modules out dist test-results bench.json'
  const allowed = `${committed} ${madeByTools}`.split(' ')
  const names = readdirSync(root).filter((name) => !name.startsWith('.'))
  expect(names.filter((name) => !allowed.includes(name))).toEqual([])
})

test('every platform binary that the lockfile names is in the lockfile', () => {
  const lock = JSON.parse(readFileSync(join(root, 'package-lock.json'), 'utf8')) as {
    packages: Record<string, { optionalDependencies?: Record<string, string> }>
  }
  const missing = Object.entries(lock.packages).flatMap(([path, entry]) =>
    Object.keys(entry.optionalDependencies ?? {})
      .filter((name) => !Object.keys(lock.packages).some((other) => other.endsWith(`node_modules/${name}`)))
      .map((name) => `${path}: ${name}`),
  )
  expect(missing).toEqual([])
})
