// What is settled once is kept, broken settings are set aside, and every command is a few keys away.

import { mkdir, readdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, test } from './fixtures.ts'

test('settings are shown at once and kept over a restart', async ({ app, page, launch }) => {
  await page.keyboard.press('Control+,')
  await page.getByRole('combobox', { name: /^Theme/ }).click()
  await page.getByRole('option', { name: 'Dark' }).click()
  await expect(page.locator('html')).toHaveAttribute('data-theme', 'dark')
  await page.getByRole('checkbox', { name: 'Verify conversions' }).uncheck()
  await app.close()

  const again = await (await launch()).firstWindow()
  await expect(again.locator('html')).toHaveAttribute('data-theme', 'dark')
  await again.keyboard.press('Control+,')
  await expect(again.getByRole('checkbox', { name: 'Verify conversions' })).not.toBeChecked()
  await expect(again.getByRole('checkbox', { name: 'Keep a way back' })).toBeChecked()
})

test('broken settings are set aside, and the window opens with the usual ones', async ({ home, launch }) => {
  const folder = join(home, '.config', 'spindle')
  await mkdir(folder, { recursive: true })
  await writeFile(join(folder, 'settings.json'), '{"settings": {"theme": "loud"')
  const page = await (await launch()).firstWindow()
  await expect(page.getByRole('button', { name: 'New volume' }).first()).toBeVisible()
  expect(await readdir(folder)).toContain('settings.broken-1.json')
})

test('a broken list of jobs is set aside and said so in the window', async ({ home, launch }) => {
  const folder = join(home, '.local', 'state', 'spindle')
  await mkdir(folder, { recursive: true })
  await writeFile(join(folder, 'jobs.jsonl'), 'nonsense\n{}\n')
  const page = await (await launch()).firstWindow()
  await expect(page.getByRole('alert')).toContainText('The list of jobs could not be read.')
  expect(await readdir(folder)).toContain('jobs.broken-1.jsonl')
})

test('F1 and Ctrl+? show every key; the palette finds a command and runs it', async ({ page }) => {
  await expect(page.getByRole('button', { name: 'New volume' }).first()).toBeVisible()
  const keys = page.getByRole('dialog', { name: 'Keyboard shortcuts' })
  for (const combination of ['F1', 'Control+Shift+?']) {
    await page.keyboard.press(combination)
    await expect(keys.getByText('Ctrl+K')).toBeVisible()
    await page.keyboard.press('Escape')
    await expect(keys).toBeHidden()
  }
  await page.keyboard.press('Control+k')
  await page.keyboard.type('settin')
  await page.keyboard.press('Enter')
  await expect(page.getByRole('main', { name: 'Settings' })).toBeFocused()
  await page.keyboard.press('Alt+ArrowLeft')
  await expect(page.getByRole('main', { name: 'Settings' })).toBeHidden()
})
