// Volumes as files: renamed in their row, deleted and put back, and a lost base found again; judged by QEMU.

import { existsSync } from 'node:fs'
import { rename } from 'node:fs/promises'
import { join } from 'node:path'
import { dropOnZone, volumeRow } from './actions.ts'
import { expect, test } from './fixtures.ts'
import { holds, info, qemu, write } from './qemu.ts'

const CHILDREN = ['one.qcow2', 'two.qcow2', 'three.qcow2']

function family(folder: string): string {
  const base = join(folder, 'base.qcow2')
  qemu('create', '-q', '-f', 'qcow2', base, '64M')
  write(base, '0x11')
  for (const name of CHILDREN)
    qemu('create', '-q', '-f', 'qcow2', '-b', 'base.qcow2', '-F', 'qcow2', join(folder, name))
  return base
}

test('a base is renamed with its three overlays, deleted and put back, and shown as chosen', async ({
  page,
  folder,
}) => {
  test.setTimeout(120_000)
  const base = family(folder)
  await dropOnZone(page, [folder], 'add')
  await expect(volumeRow(page, 'base.qcow2').getByText('3 overlays')).toBeVisible()

  await volumeRow(page, 'base.qcow2').click()
  await page.keyboard.press('F2')
  await page.getByRole('textbox', { name: 'New name of base.qcow2' }).fill('ground.qcow2')
  await page.keyboard.press('Enter')
  await expect(volumeRow(page, 'ground.qcow2').getByText('3 overlays')).toBeVisible()
  const ground = join(folder, 'ground.qcow2')
  expect(existsSync(base)).toBe(false)
  for (const name of CHILDREN) {
    expect(info(join(folder, name))['full-backing-filename']).toBe(ground)
    expect(holds(join(folder, name), '0x11')).toBe(true)
  }

  await volumeRow(page, 'ground.qcow2').click()
  await page.keyboard.press('Delete')
  const question = page.getByRole('alertdialog', { name: 'Delete ground.qcow2?' })
  await expect(question.getByText('3 volumes lie on it')).toBeVisible()
  await question.getByText('Delete them as well').click()
  await question.getByRole('button', { name: 'Delete 4 volumes' }).click()
  const notice = page.getByText('4 volumes were deleted.')
  await expect(notice).toBeVisible()
  expect(existsSync(ground)).toBe(false)
  await page.getByRole('button', { name: 'Undo', exact: true }).click()
  await expect(volumeRow(page, 'ground.qcow2').getByText('3 overlays')).toBeVisible()
  for (const name of CHILDREN) expect(holds(join(folder, name), '0x11')).toBe(true)

  await volumeRow(page, 'three.qcow2').click()
  await page.keyboard.press('Delete')
  await expect(page.getByText('three.qcow2 was deleted.')).toBeVisible()
  await page.getByRole('button', { name: /^Trash/ }).click()
  await page.getByRole('button', { name: 'Delete three.qcow2 for good' }).click()
  await page
    .getByRole('alertdialog')
    .getByRole('button', { name: /^Delete and free/ })
    .click()
  await expect(page.getByText('The trash is empty.')).toBeVisible()
  await page.getByRole('button', { name: /^All volumes/ }).click()
  await expect(volumeRow(page, 'ground.qcow2').getByText('2 overlays')).toBeVisible()

  await page.getByRole('button', { name: 'Columns' }).click()
  await page.getByRole('menuitemcheckbox', { name: 'Modified' }).click()
  await expect(page.getByRole('columnheader', { name: 'Modified' })).toHaveCount(0)
  await page.reload()
  await expect(volumeRow(page, 'ground.qcow2')).toBeVisible()
  await expect(page.getByRole('columnheader', { name: 'Modified' })).toHaveCount(0)
  await page.getByRole('textbox', { name: 'Filter' }).fill('overlays>=2')
  await expect(volumeRow(page, 'one.qcow2')).toHaveCount(0)
  await expect(volumeRow(page, 'ground.qcow2')).toBeVisible()
})

test('a base that is gone is located, and the disk shows what it did', async ({ page, folder, answer }) => {
  test.setTimeout(90_000)
  const base = family(folder)
  await rename(base, join(folder, 'found.qcow2'))
  await dropOnZone(page, [folder], 'add')
  await expect(volumeRow(page, 'one.qcow2').getByText('No base')).toBeVisible()
  await volumeRow(page, 'one.qcow2').click({ button: 'right' })
  await page.getByRole('menuitem', { name: 'Locate base…' }).click()
  await answer('showOpenDialog', { canceled: false, filePaths: [join(folder, 'found.qcow2')] })
  const dialog = page.getByRole('dialog', { name: 'Locate the base of one.qcow2' })
  await dialog.getByRole('button', { name: 'Choose file…' }).click()
  await expect(dialog.getByText('It has another name than before.')).toBeVisible()
  await dialog.getByRole('button', { name: 'Use as base' }).click()
  await expect(volumeRow(page, 'found.qcow2').getByText('1 overlay')).toBeVisible()
  expect(holds(join(folder, 'one.qcow2'), '0x11')).toBe(true)
  expect(qemu('check', join(folder, 'one.qcow2'))).toContain('No errors were found')
})
