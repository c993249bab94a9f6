// Snapshots of a real qcow2 image, taken, gone back to, converted and deleted in the window, and judged by QEMU.

import { join } from 'node:path'
import { dropOnZone, openJobs, volumeRow } from './actions.ts'
import { expect, test } from './fixtures.ts'
import { holds, info, qemu, write } from './qemu.ts'

function names(image: string): readonly string[] {
  return (info(image).snapshots ?? []).map(({ name }) => name)
}

test('take, go back, undo, convert from there and delete', async ({ page, folder }) => {
  test.setTimeout(90_000)
  const image = join(folder, 'server.qcow2')
  qemu('create', '-q', '-f', 'qcow2', image, '64M')
  write(image, '0x11')
  await dropOnZone(page, [folder], 'add')
  await volumeRow(page, 'server.qcow2').dblclick()

  await page.getByRole('tabpanel').getByRole('button', { name: 'Take snapshot' }).click()
  await page.getByRole('dialog').getByRole('textbox', { name: 'Name' }).fill('before upgrade')
  await page.keyboard.press('Enter')
  const row = (name: string) => page.getByRole('grid', { name: 'Snapshots' }).getByRole('row', { name })
  await expect(row('before upgrade')).toBeVisible()
  expect(names(image)).toEqual(['before upgrade'])
  expect(qemu('check', image)).toContain('No errors were found')

  write(image, '0x22')
  await row('before upgrade').click()
  await page.getByRole('button', { name: 'Go back' }).click()
  const outcome = page.getByRole('complementary', { name: 'Outcome' })
  await outcome.getByRole('button', { name: 'Go back…' }).click()
  const question = page.getByRole('alertdialog', { name: 'Go back to “before upgrade”?' })
  await question.getByRole('button', { name: 'Go back' }).click()
  const undo = page.getByRole('tabpanel').getByRole('button', { name: 'Undo last change' })
  await expect(undo).toBeVisible()
  await expect(row('Before going back to before upgrade')).toBeVisible()
  expect(holds(image, '0x11')).toBe(true)
  expect(qemu('check', image)).toContain('No errors were found')
  await undo.click()
  await expect(undo).toBeHidden()
  expect(holds(image, '0x22')).toBe(true)
  expect(qemu('check', image)).toContain('No errors were found')

  await row('before upgrade').last().click({ button: 'right' })
  await page.getByRole('menuitem', { name: 'Convert' }).click()
  await page.getByRole('dialog').getByRole('button', { name: 'Convert volume' }).click()
  const jobs = await openJobs(page)
  await expect(jobs.getByText(/^verified, /)).toBeVisible()
  expect(holds(join(folder, 'server before upgrade.img'), '0x11')).toBe(true)

  await page.getByRole('grid', { name: 'Snapshots' }).locator('[data-kind="snapshot"]').first().click()
  await page.keyboard.press('Control+a')
  await page.keyboard.press('Delete')
  await page.getByRole('alertdialog').getByRole('button', { name: 'Delete 2 snapshots' }).click()
  await expect(page.getByText('No snapshots. Take one before a risky change.')).toBeVisible()
  expect(names(image)).toEqual([])
  expect(holds(image, '0x22')).toBe(true)
  expect(qemu('check', image)).toContain('No errors were found')
})
