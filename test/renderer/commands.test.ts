// The command table: each command once, with words and a key of its own.

import { existsSync, readFileSync } from 'node:fs'
import { beforeAll, beforeEach, expect, test } from 'vitest'
import en from '../../assets/locales/en.json' with { type: 'json' }
import { commandOf, commands, runCommand } from '../../renderer/commands/commands.ts'
import { shortcutText } from '../../renderer/commands/shortcuts.ts'
import { openDialog, useDialogs } from '../../renderer/state/dialogs.ts'
import { select } from '../../renderer/state/view.ts'
import { useVolumes } from '../../renderer/state/volumes.ts'
import { speakEnglish } from './english.ts'
import { volume } from './volumes.ts'

beforeAll(speakEnglish)
beforeEach(() => {
  useVolumes.setState({ byId: new Map([['a', volume('a')]]), loaded: true })
  useDialogs.setState({ dialog: { kind: 'none' } })
  select(new Set(), undefined)
})

test('every command has an id, a shortcut and a title of its own', () => {
  for (const pick of [
    (command: (typeof commands)[number]) => command.id,
    (command: (typeof commands)[number]) => command.shortcut,
  ]) {
    const values = commands.map(pick).filter((value) => value !== undefined)
    expect(new Set(values).size).toBe(values.length)
  }
  const titles: Readonly<Record<string, string>> = en.command
  for (const { title } of commands) expect(titles[title.replace('command.', '')], title).toBeTypeOf('string')
})

test('the native menu asks only for commands that exist', () => {
  const menu = new URL('../../electron/main/menus.ts', import.meta.url)
  expect(existsSync(menu)).toBe(true)
  const asked = [...readFileSync(menu, 'utf8').matchAll(/item\('([\w.-]+)'/g)].map(([, id]) => id)
  expect(asked.length).toBeGreaterThan(5)
  const known = new Set<string | undefined>(commands.map((command) => command.id))
  expect(asked.filter((id) => !known.has(id))).toEqual([])
})

test('a command that cannot be done now says why, and does nothing', () => {
  expect(commandOf('volume.convert').unavailable?.()).toBe('command.selectFirst')
  runCommand('volume.convert')
  expect(useDialogs.getState().dialog.kind).toBe('none')
  select(new Set(['a']), 'a')
  runCommand('volume.convert')
  expect(useDialogs.getState().dialog).toMatchObject({ kind: 'convert', sources: [{ volume: { id: 'a' } }] })
})

test('a selected volume that has gone is no longer converted', () => {
  select(new Set(['a', 'gone']), 'a')
  runCommand('volume.convert')
  expect(useDialogs.getState().dialog).toMatchObject({ sources: [{ volume: { id: 'a' } }] })
})

test('a command of the native menu replaces an open dialog; an unknown one changes nothing', () => {
  openDialog({ kind: 'files', files: [] })
  runCommand('no.such.command')
  expect(useDialogs.getState().dialog.kind).toBe('files')
  runCommand('volume.create')
  expect(useDialogs.getState().dialog.kind).toBe('create')
})

test('shortcuts are written as the system writes them', () => {
  expect(shortcutText('$mod+Shift+O', 'linux')).toBe('Ctrl+Shift+O')
  expect(shortcutText('$mod+Shift+O', 'darwin')).toBe('⇧⌘O')
  expect(shortcutText('F9', 'win32')).toBe('F9')
  expect(shortcutText('Alt+Digit3', 'linux')).toBe('Alt+3')
  expect(shortcutText('Alt+ArrowLeft', 'darwin')).toBe('⌥←')
})
