// Chains of real images: merged down, flattened, put on another base and compared, and judged by QEMU.

import { rename } from 'node:fs/promises'
import { join } from 'node:path'
import type { Page } from '@playwright/test'
import { dropOnZone, openJobs, volumeRow } from './actions.ts'
import { expect, test } from './fixtures.ts'
import { holds, info, qemu, write } from './qemu.ts'

async function fromMenu(page: Page, name: string, command: string): Promise<void> {
  await volumeRow(page, name).click({ button: 'right' })
  await page.getByRole('menuitem', { name: command }).click()
}

function overlay(folder: string, name: string, base: string): string {
  const image = join(folder, name)
  qemu('create', '-q', '-f', 'qcow2', '-b', base, '-F', 'qcow2', image)
  return image
}

test('what depends on a base keeps it from being changed; then it takes everything', async ({ page, folder }) => {
  test.setTimeout(90_000)
  const base = join(folder, 'base.qcow2')
  qemu('create', '-q', '-f', 'qcow2', base, '64M')
  write(base, '0x11')
  const top = overlay(folder, 'top.qcow2', 'base.qcow2')
  const other = overlay(folder, 'other.qcow2', 'base.qcow2')
  write(top, '0x22')
  await dropOnZone(page, [folder], 'add')

  await fromMenu(page, 'top.qcow2', 'Merge down')
  const question = page.getByRole('alertdialog', { name: 'Merge top.qcow2 down?' })
  await expect(question.getByText(other)).toBeVisible()
  await expect(question.getByRole('button', { name: 'Merge down' })).toHaveAttribute('aria-disabled', 'true')
  await page.keyboard.press('Escape')
  expect(holds(base, '0x11')).toBe(true)

  await fromMenu(page, 'other.qcow2', 'Flatten')
  await page.getByRole('dialog', { name: 'Flatten other.qcow2' }).getByRole('button', { name: 'Flatten' }).click()
  const jobs = await openJobs(page)
  await expect(jobs.getByText('done', { exact: true })).toHaveCount(1)
  expect(info(other)['full-backing-filename']).toBeUndefined()
  expect(qemu('compare', base, other)).toBe('Images are identical.\n')

  await fromMenu(page, 'top.qcow2', 'Merge down')
  await question.getByRole('button', { name: 'Merge down' }).click()
  await expect(question).toBeHidden()
  await expect(jobs.getByText('done', { exact: true })).toHaveCount(2)
  expect(holds(base, '0x22')).toBe(true)
  expect(holds(other, '0x11')).toBe(true)
  for (const image of [base, top, other]) expect(qemu('check', image)).toContain('No errors were found')
})

test('a base that was renamed is found again, and two disks are compared', async ({ page, folder }) => {
  test.setTimeout(90_000)
  const base = join(folder, 'base.qcow2')
  qemu('create', '-q', '-f', 'qcow2', base, '64M')
  write(base, '0x11')
  const top = overlay(folder, 'top.qcow2', 'base.qcow2')
  const moved = join(folder, 'golden.qcow2')
  await rename(base, moved)
  await dropOnZone(page, [folder], 'add')

  await fromMenu(page, 'top.qcow2', 'Change base')
  const dialog = page.getByRole('dialog', { name: 'Change the base of top.qcow2' })
  await dialog.getByRole('combobox', { name: 'New base' }).fill('golden')
  await page.getByRole('option', { name: /golden/ }).click()
  await expect(dialog.getByRole('radio', { name: /^Keep the disk/ })).toHaveAttribute('aria-disabled', 'true')
  await dialog.getByRole('button', { name: 'Change base' }).click()
  const jobs = await openJobs(page)
  await expect(jobs.getByText('done', { exact: true })).toBeVisible()
  expect(info(top)['full-backing-filename']).toBe(moved)
  expect(holds(top, '0x11')).toBe(true)
  expect(qemu('check', top)).toContain('No errors were found')

  const answer = page.getByRole('dialog', { name: 'Compare' })
  const compare = async (): Promise<void> => {
    await volumeRow(page, 'golden.qcow2').click()
    await volumeRow(page, 'top.qcow2').click({ modifiers: ['Control'] })
    await fromMenu(page, 'top.qcow2', 'Compare')
    await answer.getByRole('button', { name: 'Compare' }).click()
  }
  await compare()
  await expect(answer.getByText('Identical')).toBeVisible()
  await page.keyboard.press('Escape')
  write(top, '0x33', '5M 64k')
  await compare()
  await expect(answer.getByText('The first difference is at 5 MiB of the disk, offset 0x500000.')).toBeVisible()
})
