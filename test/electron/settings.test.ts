// Settings between runs: kept, checked, and never lost without a word.

import { mkdtempSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { SettingsStore, WindowStore } from '../../electron/main/settings.ts'

let folder: string
const file = (): string => join(folder, 'settings.json')

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'spindle-settings-'))
})
afterEach(() => rmSync(folder, { recursive: true }))

test('the first start has defaults and writes nothing', () => {
  const store = new SettingsStore(folder)
  expect(store.settings).toMatchObject({ theme: 'system', density: 'comfortable', verifyConversions: true })
  expect(store.places).toEqual([])
  expect(store.problem).toBeUndefined()
  expect(readdirSync(folder)).toEqual([])
})

test('what was changed is there the next time, and the rest as it was', () => {
  const store = new SettingsStore(folder)
  store.change({ theme: 'dark' })
  store.change({ sort: { column: 'size', descending: true } })
  store.setPlaces(['/vms', '/iso/one.img'])
  const next = new SettingsStore(folder)
  expect(next.settings).toEqual({ ...store.settings, theme: 'dark', sort: { column: 'size', descending: true } })
  expect(next.places).toEqual(['/vms', '/iso/one.img'])
})

test.each([
  ['half a file', '{"settings": {"theme": "da'],
  ['no JSON', 'theme = dark'],
  ['a value that is none', '{"settings": {"theme": "blue"}}'],
  ['places of the wrong type', '{"places": "/vms"}'],
  ['an empty file', ''],
])('a file with %s is set aside and said so', (_what, text) => {
  writeFileSync(file(), text)
  const store = new SettingsStore(folder)
  expect(store.settings.theme).toBe('system')
  expect(store.problem).toContain('settings.json could not be read')
  expect(store.problem).toContain('settings.broken-1.json')
  expect(readFileSync(join(folder, 'settings.broken-1.json'), 'utf8')).toBe(text)
  store.change({ theme: 'light' })
  expect(new SettingsStore(folder).problem).toBeUndefined()
  expect(new SettingsStore(folder).settings.theme).toBe('light')
})

test('a second broken file does not replace the first', () => {
  for (const text of ['{one', '{two']) {
    writeFileSync(file(), text)
    expect(new SettingsStore(folder).problem).toBeDefined()
  }
  expect(readdirSync(folder).toSorted()).toEqual(['settings.broken-1.json', 'settings.broken-2.json'])
})

test('what a newer Spindle has written stays in the file', () => {
  writeFileSync(file(), JSON.stringify({ settings: { theme: 'dark', tray: true }, accounts: [1] }))
  const store = new SettingsStore(folder)
  expect(store.problem).toBeUndefined()
  store.change({ density: 'compact' })
  expect(JSON.parse(readFileSync(file(), 'utf8'))).toMatchObject({
    settings: { theme: 'dark', tray: true, density: 'compact' },
    accounts: [1],
  })
})

test('a change that cannot be written holds for now, and is said in a sentence', () => {
  rmSync(folder, { recursive: true })
  writeFileSync(folder, 'a file where the folder should be')
  const store = new SettingsStore(folder)
  expect(() => store.change({ theme: 'dark' })).toThrow(
    expect.objectContaining({ code: 'io', message: expect.stringContaining('could not write') }),
  )
  expect(store.settings.theme).toBe('dark')
})

test('the window is put back where it was', () => {
  const place = { x: 10, y: 20, width: 1000, height: 700, maximized: true }
  new WindowStore(folder).keep(place)
  expect(new WindowStore(folder).place).toEqual(place)
})
