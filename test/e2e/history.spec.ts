// The history of real images, acted on in the window: branched, merged, gone back in and thinned out, and judged by QEMU.

import { existsSync } from 'node:fs'
import { join } from 'node:path'
import type { Locator, Page } from '@playwright/test'
import { dropOnZone, openJobs, volumeRow } from './actions.ts'
import { expect, test } from './fixtures.ts'
import { holds, info, qemu, write } from './qemu.ts'

function overlay(folder: string, name: string, base: string): string {
  const image = join(folder, name)
  qemu('create', '-q', '-f', 'qcow2', '-b', base, '-F', 'qcow2', image)
  return image
}

/** Chooses what to do with the selected states, and goes on once its outcome is shown. */
async function act(page: Page, what: string, goOn = `${what}…`): Promise<Locator> {
  await page.getByRole('toolbar', { name: 'Snapshots' }).getByRole('button', { name: what }).click()
  const outcome = page.getByRole('complementary', { name: 'Outcome' })
  await expect(outcome.getByRole('heading', { name: what })).toBeVisible()
  const button = outcome.getByRole('button', { name: goOn })
  await expect(button).not.toHaveAttribute('aria-disabled', 'true')
  return button
}

test('take, branch, merge down and revert; then a file goes out of the middle of its chain', async ({
  page,
  folder,
}) => {
  test.setTimeout(120_000)
  const base = join(folder, 'base.qcow2')
  qemu('create', '-q', '-f', 'qcow2', base, '64M')
  write(base, '0x11', '0 4M')
  const middle = overlay(folder, 'middle.qcow2', 'base.qcow2')
  write(middle, '0x22', '1M 1M')
  const top = overlay(folder, 'top.qcow2', 'middle.qcow2')
  write(top, '0x33', '2M 1M')
  await dropOnZone(page, [folder], 'add')
  await volumeRow(page, 'top.qcow2').dblclick()
  const row = (name: string) => page.getByRole('grid', { name: 'Snapshots' }).getByRole('row', { name })
  for (const name of ['top.qcow2', 'middle.qcow2', 'base.qcow2']) await expect(row(name)).toBeVisible()
  const jobs = await openJobs(page)
  const done = jobs.getByText('done', { exact: true })

  // The file in the middle goes: what lies on it takes in what it needs.
  await row('middle.qcow2').click()
  await (await act(page, 'Delete', 'Move to the trash')).click()
  await expect(done).toHaveCount(1)
  expect(info(top)['full-backing-filename']).toBe(base)
  for (const [pattern, range] of [
    ['0x11', '0 1M'],
    ['0x22', '1M 1M'],
    ['0x33', '2M 1M'],
  ] as const)
    expect(holds(top, pattern, range)).toBe(true)
  expect(qemu('check', top)).toContain('No errors were found')
  await expect.poll(() => existsSync(middle)).toBe(false)
  await expect(row('middle.qcow2')).toBeHidden()

  // Take, and go back.
  await row('top.qcow2').click()
  await (await act(page, 'Take snapshot')).click()
  await page.getByRole('dialog').getByRole('textbox', { name: 'Name' }).fill('before')
  await page.keyboard.press('Enter')
  await expect(row('before')).toBeVisible()
  write(top, '0x44', '2M 1M')
  await row('before').click()
  await (await act(page, 'Go back')).click()
  const question = page.getByRole('alertdialog')
  await question.getByRole('checkbox').click()
  await question.getByRole('button', { name: 'Go back and lose it' }).click()
  await expect(done).toHaveCount(3)
  expect(holds(top, '0x33', '2M 1M')).toBe(true)
  expect(qemu('check', top)).toContain('No errors were found')

  // Branch off, and merge that down again.
  await row('top.qcow2').click()
  await (await act(page, 'Branch')).click()
  const create = page.getByRole('dialog')
  await create.getByRole('textbox', { name: 'Name' }).fill('branch')
  await create.getByRole('button', { name: 'Create volume' }).click()
  await expect(row('branch.qcow2')).toBeVisible()
  const branch = join(folder, 'branch.qcow2')
  expect(info(branch)['full-backing-filename']).toBe(top)
  write(branch, '0x55', '8M 1M')
  await row('branch.qcow2').click()
  await (await act(page, 'Merge down')).click()
  await page.getByRole('alertdialog').getByRole('button', { name: 'Merge down' }).click()
  await expect(done).toHaveCount(4)
  expect(holds(top, '0x55', '8M 1M')).toBe(true)
  for (const image of [base, top, branch]) expect(qemu('check', image)).toContain('No errors were found')
  expect(qemu('compare', top, branch)).toBe('Images are identical.\n')
})
