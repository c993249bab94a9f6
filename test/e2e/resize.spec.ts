// Larger and smaller disks by the window, and what QEMU says of them.

import { truncate, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { Locator, Page } from '@playwright/test'
import { GiB, MiB } from '../../core/model/units.ts'
import { dropOnZone, volumeRow } from './actions.ts'
import { expect, test } from './fixtures.ts'
import { holds, info, qemu, qemuStatus, write } from './qemu.ts'

async function resize(page: Page, name: string, size: string): Promise<Locator> {
  await volumeRow(page, name).click()
  await page.getByRole('complementary', { name: 'Inspector' }).getByRole('button', { name: 'Resize' }).click()
  const dialog = page.getByRole('dialog', { name: `Resize ${name}` })
  await dialog.getByRole('textbox', { name: 'New size' }).fill(size)
  await expect(dialog.getByText('Looking at what the disk holds')).toBeHidden()
  return dialog
}

test('a disk grows; it shrinks and loses data only at the word of it, and gets it back', async ({ page, folder }) => {
  test.setTimeout(90_000)
  const image = join(folder, 'server.qcow2')
  const raw = join(folder, 'plain.img')
  qemu('create', '-q', '-f', 'qcow2', image, '1G')
  write(image, '0x11')
  write(image, '0x22', '600M 1M')
  await writeFile(raw, Buffer.alloc(MiB, 'raw'))
  await truncate(raw, 64 * MiB)
  await dropOnZone(page, [folder], 'add')

  const grow = await resize(page, 'server.qcow2', '2G')
  await grow.getByRole('button', { name: 'Grow to 2 GiB' }).click()
  // While it is being changed, QEMU is kept out.
  await expect(volumeRow(page, 'server.qcow2').getByText('2 GiB')).toBeVisible()
  expect(info(image)['virtual-size']).toBe(2 * GiB)
  expect(qemu('check', image)).toContain('No errors were found')
  expect(holds(image, '0x11')).toBe(true)
  expect(holds(image, '0x22', '600M 1M')).toBe(true)

  const shrink = await resize(page, 'server.qcow2', '512M')
  await expect(shrink.getByText('This cuts off 1 MiB of what the disk holds.', { exact: false })).toBeVisible()
  await shrink.getByRole('textbox', { name: /^Type/ }).fill('server.qcow2')
  await shrink.getByRole('button', { name: 'Shrink and lose 1 MiB' }).click()
  await expect(volumeRow(page, 'server.qcow2').getByText('512 MiB')).toBeVisible()
  expect(info(image)['virtual-size']).toBe(512 * MiB)
  expect(qemu('check', image)).toContain('No errors were found')
  expect(holds(image, '0x11')).toBe(true)
  const undo = page.getByRole('button', { name: 'Undo last change' })
  await undo.click()
  await expect(undo).toBeHidden()
  // The offer goes before the last lock on the file does.
  await expect.poll(() => qemuStatus('info', image)).toBe(0)
  expect(info(image)['virtual-size']).toBe(2 * GiB)
  expect(holds(image, '0x22', '600M 1M')).toBe(true)
  expect(qemu('check', image)).toContain('No errors were found')

  const cut = await resize(page, 'plain.img', '1M')
  await expect(cut.getByText('Nothing the disk holds lies beyond the new end.', { exact: false })).toBeVisible()
  await expect(cut.getByText('shrinking it cannot be undone', { exact: false })).toBeVisible()
  await cut.getByRole('button', { name: 'Shrink to 1 MiB' }).click()
  await expect(volumeRow(page, 'plain.img').getByText('64 MiB')).toBeHidden()
  expect(info(raw)['virtual-size']).toBe(MiB)
})
