// A volume that names files outside its folder: each is asked for once, by name, and only what was allowed is used.

import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { MessageBoxOptions } from 'electron'
import { expect, onTestFinished, test } from 'vitest'
import { createEngine } from '../../core/index.ts'
import type { Engine } from '../../core/model/index.ts'
import { openOperations } from '../../core/operations/index.ts'
import { allowOutside } from '../../electron/main/outside.ts'
import { SettingsStore } from '../../electron/main/settings.ts'
import { loadWords } from '../../electron/main/words.ts'
import { recorded } from '../helpers/run-operation.ts'
import { scratchFolder } from '../helpers/scratch.ts'

function newEngine(): Engine {
  const engine = createEngine({ emit: () => undefined })
  onTestFinished(async () => engine.close())
  return engine
}

/** A volume on a base in another folder, which lies on one in a third. */
async function newChain() {
  const root = scratchFolder()
  const folders = ['own', 'bases', 'more'].map((name) => join(root, name))
  for (const folder of folders) mkdirSync(folder)
  const [top = '', base = '', lowest = ''] = folders.map((folder) => join(folder, 'disk.qcow2'))
  const raw = join(root, 'more', 'disk.img')
  writeFileSync(raw, Buffer.alloc(64 * 1024, 7))
  const operations = openOperations({ allowed: 'all' })
  const make = async (target: string, path: string, format: 'qcow2' | 'raw'): Promise<void> => {
    const spec = { kind: 'create', target, format: 'qcow2', options: {}, backing: { path, format } } as const
    await operations.run(spec, recorded().context)
  }
  await make(lowest, raw, 'raw')
  await make(base, lowest, 'qcow2')
  await make(top, base, 'qcow2')
  return { root, top, base, lowest, raw }
}

test('each file is asked for once, and what was allowed holds after a restart', async () => {
  const { root, top, base, lowest, raw } = await newChain()
  const engine = newEngine()
  const settings = new SettingsStore(join(root, 'settings'))
  const asked: MessageBoxOptions[] = []
  const ask = async (options: MessageBoxOptions): Promise<number> => asked.push(options) * 0
  expect((await engine.inspect(top)).at(-1)?.unreadable).toMatchObject({ code: 'outside', path: top, other: base })
  expect(await allowOutside(top, { engine, settings, words: loadWords('en'), ask })).toBe(true)
  expect(asked.map(({ detail = '' }) => [base, lowest, raw].filter((path) => detail.includes(path)))).toEqual([
    expect.arrayContaining([base]),
    expect.arrayContaining([lowest]),
  ])
  expect(asked.every(({ defaultId, cancelId }) => defaultId === 1 && cancelId === 1)).toBe(true)
  expect((await engine.inspect(top)).map(({ path }) => path)).toEqual([top, base, lowest, raw])
  expect(await allowOutside(top, { engine, settings, words: loadWords('en'), ask })).toBe(true)
  expect(asked).toHaveLength(2)

  const restarted = newEngine()
  await restarted.setAllowed(new SettingsStore(join(root, 'settings')).allowed)
  expect(await restarted.inspect(top)).toHaveLength(4)
})

test('nothing is opened when the question is dismissed, and another image has no use of the answer', async () => {
  const { root, top, base } = await newChain()
  const engine = newEngine()
  const settings = new SettingsStore(join(root, 'settings'))
  const words = loadWords('en')
  expect(await allowOutside(top, { engine, settings, words, ask: async () => 1 })).toBe(false)
  expect(settings.allowed).toEqual([])
  await engine.setAllowed([{ image: join(root, 'own', 'other.qcow2'), file: base }])
  expect((await engine.inspect(top)).at(-1)?.unreadable?.code).toBe('outside')
})

test('what lies in the places of the library may be used', async () => {
  const { root, top } = await newChain()
  const engine = newEngine()
  await engine.setPlaces([join(root, 'own'), join(root, 'bases'), join(root, 'more')])
  expect(await engine.inspect(top)).toHaveLength(4)
})
