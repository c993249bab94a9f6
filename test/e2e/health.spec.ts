// A damaged image is checked and repaired in the window; QEMU finds nothing to complain of afterwards.

import { join } from 'node:path'
import { dropOnZone, volumeRow } from './actions.ts'
import { expect, test } from './fixtures.ts'
import { damageCounts, holds, qemu, qemuStatus, write } from './qemu.ts'

test('an error and a leak are found, repaired, taken back and repaired again', async ({ page, folder }) => {
  test.setTimeout(90_000)
  const image = join(folder, 'server.qcow2')
  qemu('create', '-q', '-f', 'qcow2', image, '64M')
  write(image, '0x11')
  await damageCounts(image)
  expect(qemuStatus('check', image)).toBe(2)
  await dropOnZone(page, [folder], 'add')
  await volumeRow(page, 'server.qcow2').click()
  await page.getByRole('complementary', { name: 'Inspector' }).getByRole('button', { name: 'Check' }).click()

  const panel = page.getByRole('tabpanel')
  await expect(panel.getByText(/^\d errors?, 64 KiB of leaks$/)).toBeVisible()
  const dialog = page.getByRole('dialog', { name: 'Repair server.qcow2' })
  await panel.getByRole('button', { name: /^Repair \d errors?$/ }).click()
  await dialog.getByRole('button', { name: 'Repair everything' }).click()
  await expect(panel.getByText('Everything is in order')).toBeVisible()
  expect(qemu('check', image)).toContain('No errors were found')
  expect(holds(image, '0x11')).toBe(true)

  await panel.getByRole('button', { name: 'Undo last change' }).click()
  await expect(panel.getByText('Not checked yet.', { exact: false })).toBeVisible()
  expect(qemuStatus('check', image)).toBe(2)

  await panel.getByRole('button', { name: 'Check' }).click()
  await panel.getByRole('button', { name: 'Free 64 KiB of leaks' }).click()
  await dialog.getByRole('button', { name: 'Free 64 KiB of leaks' }).click()
  await expect(panel.getByText(/^\d errors?$/)).toBeVisible()
  await panel.getByRole('button', { name: /^Repair \d errors?$/ }).click()
  await dialog.getByRole('button', { name: /^Repair \d errors?$/ }).click()
  await expect(panel.getByText('Everything is in order')).toBeVisible()
  expect(qemu('check', image)).toContain('No errors were found')
  expect(holds(image, '0x11')).toBe(true)
})
