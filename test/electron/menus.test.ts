// The application's menu: its items are commands of the page, and no key is taken from the page.

import { readFileSync, readdirSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import type { MenuItemConstructorOptions } from 'electron'
import { expect, test } from 'vitest'
import { menuTemplate } from '../../electron/main/menus.ts'
import { loadWords } from '../../electron/main/words.ts'

const asked: string[] = []

function items(platform: NodeJS.Platform): readonly MenuItemConstructorOptions[] {
  const flatten = (list: readonly MenuItemConstructorOptions[]): readonly MenuItemConstructorOptions[] =>
    list.flatMap((item) => [item, ...(Array.isArray(item.submenu) ? flatten(item.submenu) : [])])
  const options = { platform, words: loadWords('en'), command: (id: string) => void asked.push(id), quit: () => {} }
  return flatten(menuTemplate(options))
}

function commandIds(): readonly string[] {
  const folder = fileURLToPath(new URL('../../renderer/commands/', import.meta.url))
  return readdirSync(folder).flatMap((name) =>
    [...readFileSync(folder + name, 'utf8').matchAll(/^ {4}id: '([^']+)'/gm)].map((match) => match[1] ?? ''),
  )
}

test.each<NodeJS.Platform>(['linux', 'darwin', 'win32'])('on %s every item asks for a command there is', (platform) => {
  const known = commandIds()
  expect(known.length).toBeGreaterThan(10)
  const own = items(platform).filter(({ id, click }) => click && id !== 'quit')
  for (const { id = '', click } of own) {
    expect(known).toContain(id)
    asked.length = 0
    ;(click as () => void)()
    expect(asked).toEqual([id])
  }
  expect(own.length).toBeGreaterThan(5)
})

test('keys are shown, but left to the page to hear', () => {
  const own = items('linux').filter(({ accelerator, id }) => accelerator !== undefined && id !== 'quit')
  expect(own.length).toBeGreaterThan(5)
  for (const { registerAccelerator } of own) expect(registerAccelerator).toBe(false)
})

test('every item has words', () => {
  for (const { label, role, type } of items('darwin')) {
    expect(type === 'separator' || role !== undefined || (label ?? '') !== '').toBe(true)
    expect(label ?? '').not.toContain('menu.')
  }
})
