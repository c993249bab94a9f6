// Creating volumes in the dialog, with the mouse and with the keyboard alone.

import { spawnSync } from 'node:child_process'
import { readdir, stat, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { Page } from '@playwright/test'
import { GiB, MiB } from '../../core/model/units.ts'
import { newestOracle } from '../helpers/oracles.ts'
import { dropOnZone, volumeRow } from './actions.ts'
import { expect, test } from './fixtures.ts'

const { qemuImg } = newestOracle()

function info(path: string): Record<string, unknown> {
  return JSON.parse(spawnSync(qemuImg, ['info', '--output=json', path], { encoding: 'utf8' }).stdout) as Record<
    string,
    unknown
  >
}

function check(path: string): number | null {
  return spawnSync(qemuImg, ['check', path]).status
}

/** A library of one place, with a volume in it. */
async function libraryOf(page: Page, folder: string): Promise<void> {
  await writeFile(join(folder, 'old.raw'), Buffer.alloc(MiB))
  await dropOnZone(page, [folder], 'add')
  await expect(volumeRow(page, 'old.raw')).toBeVisible()
}

async function createDialog(page: Page) {
  await page.getByRole('button', { name: 'New volume' }).first().click()
  const dialog = page.getByRole('dialog', { name: 'Create volume' })
  await expect(dialog).toBeVisible()
  return dialog
}

test('a qcow2 volume with advanced options', async ({ page, folder }) => {
  await libraryOf(page, folder)
  const dialog = await createDialog(page)
  await dialog.getByRole('textbox', { name: 'Name' }).fill('database')
  await dialog.getByRole('textbox', { name: 'Size' }).fill('20G')
  await dialog.getByRole('button', { name: 'Advanced' }).click()
  await dialog.getByRole('combobox', { name: 'Cluster size' }).click()
  await page.getByRole('option', { name: '128 KiB' }).click()
  // What it costs is told before it is made.
  await expect(dialog.getByText(/Uses .* now, up to 20 GiB/)).toBeVisible()
  await dialog.getByRole('button', { name: 'Create volume' }).click()
  await expect(volumeRow(page, 'database.qcow2')).toBeVisible()
  const made = join(folder, 'database.qcow2')
  expect(info(made)).toMatchObject({ format: 'qcow2', 'virtual-size': 20 * GiB, 'cluster-size': 128 * 1024 })
  expect(check(made)).toBe(0)
})

test('a raw volume with everything reserved', async ({ page, folder }) => {
  await libraryOf(page, folder)
  const dialog = await createDialog(page)
  await dialog.getByRole('radio', { name: /^Raw/ }).click()
  await dialog.getByRole('textbox', { name: 'Name' }).fill('scratch')
  await dialog.getByRole('textbox', { name: 'Size' }).fill('64M')
  await dialog.getByRole('radio', { name: /^Reserve everything/ }).click()
  await dialog.getByRole('button', { name: 'Create volume' }).click()
  await expect(volumeRow(page, 'scratch.raw')).toBeVisible()
  const made = await stat(join(folder, 'scratch.raw'))
  expect(made.size).toBe(64 * MiB)
  expect(made.blocks * 512).toBeGreaterThanOrEqual(64 * MiB)
})

test('an overlay on a volume of the library takes its size', async ({ page, folder }) => {
  spawnSync(qemuImg, ['create', '-q', '-f', 'qcow2', join(folder, 'base.qcow2'), '3G'])
  await libraryOf(page, folder)
  const dialog = await createDialog(page)
  await dialog.getByRole('textbox', { name: 'Name' }).fill('clone')
  await dialog.getByRole('combobox', { name: 'Based on' }).fill('base')
  await page.getByRole('option', { name: /base\.qcow2/ }).click()
  await dialog.getByRole('button', { name: 'Create volume' }).click()
  await expect(volumeRow(page, 'clone.qcow2')).toBeVisible()
  expect(info(join(folder, 'clone.qcow2'))).toMatchObject({
    'virtual-size': 3 * GiB,
    'full-backing-filename': join(folder, 'base.qcow2'),
    'backing-filename-format': 'qcow2',
  })
  expect(check(join(folder, 'clone.qcow2'))).toBe(0)
})

test('a name that is taken is told in the dialog, and the file stays as it was', async ({ page, folder }) => {
  await libraryOf(page, folder)
  const dialog = await createDialog(page)
  await dialog.getByRole('radio', { name: /^Raw/ }).click()
  await dialog.getByRole('textbox', { name: 'Name' }).fill('old')
  await dialog.getByRole('textbox', { name: 'Size' }).fill('5M')
  await expect(dialog.getByText('A file of this name is there already.').first()).toBeVisible()
  await expect(dialog.getByRole('button', { name: 'Create volume' })).toBeDisabled()
  expect((await stat(join(folder, 'old.raw'))).size).toBe(MiB)
})

test('with the keyboard alone', async ({ page, folder }) => {
  await libraryOf(page, folder)
  await page.keyboard.press('Control+n')
  await expect(page.getByRole('dialog', { name: 'Create volume' })).toBeVisible()
  await expect(page.getByRole('textbox', { name: 'Name' })).toBeFocused()
  await page.keyboard.type('typed')
  for (let presses = 0; presses < 20; presses += 1) {
    await page.keyboard.press('Tab')
    if (await page.getByRole('textbox', { name: 'Size' }).evaluate((size) => size === document.activeElement)) break
  }
  await expect(page.getByRole('textbox', { name: 'Size' })).toBeFocused()
  await page.keyboard.press('Control+a')
  await page.keyboard.type('1.5G')
  await page.keyboard.press('Enter')
  await expect(page.getByRole('dialog')).toHaveCount(0)
  await expect(volumeRow(page, 'typed.qcow2')).toBeVisible()
  expect(info(join(folder, 'typed.qcow2'))).toMatchObject({ 'virtual-size': 1.5 * GiB })
  expect((await readdir(folder)).filter((name) => name.endsWith('.partial'))).toEqual([])
})
