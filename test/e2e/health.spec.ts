// A damaged image is checked and repaired in the window; QEMU finds nothing to complain of afterwards.

import { open } from 'node:fs/promises'
import { join } from 'node:path'
import { KiB } from '../../core/model/units.ts'
import { dropOnZone, volumeRow } from './actions.ts'
import { expect, test } from './fixtures.ts'
import { holds, qemu, qemuStatus, write } from './qemu.ts'

/** Where the header says that the refcount table is. */
const REFCOUNT_TABLE = 48

/** Two of its last clusters are counted wrongly: one has no count, one has a count too many. */
async function damage(image: string): Promise<void> {
  await using file = await open(image, 'r+')
  const { size } = await file.stat()
  const word = Buffer.alloc(8)
  await file.read(word, 0, 8, REFCOUNT_TABLE)
  await file.read(word, 0, 8, Number(word.readBigUInt64BE()))
  const block = Number(word.readBigUInt64BE())
  const last = Math.floor(size / (64 * KiB)) - 1
  await file.write(Buffer.from([0, 0, 0, 2]), 0, 4, block + 2 * (last - 1))
}

test('an error and a leak are found, repaired, taken back and repaired again', async ({ page, folder }) => {
  test.setTimeout(90_000)
  const image = join(folder, 'server.qcow2')
  qemu('create', '-q', '-f', 'qcow2', image, '64M')
  write(image, '0x11')
  await damage(image)
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
