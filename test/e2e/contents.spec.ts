// What lies on a disk, shown and made room for; options and bitmaps of an image: judged by QEMU, sgdisk and e2fsck.

import { rm } from 'node:fs/promises'
import { join } from 'node:path'
import { MiB } from '../../core/model/units.ts'
import { dividedDisk, emptyFile, placeInto, tool } from '../helpers/partition-tools.ts'
import { dropOnZone, volumeRow } from './actions.ts'
import { expect, test } from './fixtures.ts'
import { info, qemu } from './qemu.ts'

test('partitions are shown, and a disk shrinks to what they need with its table in order', async ({ page, folder }) => {
  test.setTimeout(90_000)
  const image = join(folder, 'server.qcow2')
  const disk = dividedDisk(join(folder, 'disk.img'), 64 * MiB, ['label: gpt', 'size=8M, type=U', 'size=16M, name=root'])
  const root = emptyFile(join(folder, 'root.img'), 16 * MiB)
  tool('mke2fs', ['-q', '-t', 'ext4', '-L', 'debian', root])
  placeInto(disk, 9 * MiB, root)
  qemu('convert', '-f', 'raw', '-O', 'qcow2', disk, image)
  await rm(disk)
  await rm(root)
  await dropOnZone(page, [folder], 'add')

  await volumeRow(page, 'server.qcow2').click()
  await page.keyboard.press('Alt+4')
  const tab = page.getByRole('tabpanel')
  await expect(tab.getByText('GUID partition table')).toBeVisible()
  await expect(tab.getByRole('row', { name: /^1 EFI system/ })).toBeVisible()
  await expect(tab.getByRole('row', { name: /^2 Linux file system root 9 MiB 16 MiB ext4 debian/ })).toBeVisible()

  await tab.getByRole('button', { name: 'Resize' }).click()
  const dialog = page.getByRole('dialog', { name: 'Resize server.qcow2' })
  await expect(dialog.getByText('Safe minimum 25 MiB')).toBeVisible()
  await dialog.getByRole('button', { name: 'Safe minimum' }).click()
  await expect(dialog.getByRole('checkbox', { name: 'Move the GPT’s copy to the new end' })).toBeChecked()
  await dialog.getByRole('button', { name: 'Shrink to 26 MiB' }).and(page.locator(':not([aria-disabled])')).click()
  await expect(tab.getByText('26 MiB, sectors of 512 B')).toBeVisible()

  expect(info(image)['virtual-size']).toBe(26 * MiB)
  expect(qemu('check', image)).toContain('No errors were found')
  qemu('convert', '-f', 'qcow2', '-O', 'raw', image, disk)
  expect(tool('sgdisk', ['-v', disk])).toContain('No problems found')
  tool('dd', [`if=${disk}`, `of=${root}`, 'bs=1M', 'skip=9', 'count=16', 'status=none'])
  tool('e2fsck', ['-fn', root])
})

interface Specific {
  readonly 'format-specific': { readonly data: Readonly<Record<string, unknown>> }
}

test('options are chosen anew, and bitmaps come and go', async ({ page, folder }) => {
  test.setTimeout(90_000)
  const image = join(folder, 'server.qcow2')
  qemu('create', '-q', '-f', 'qcow2', image, '64M')
  const specific = (): Specific['format-specific']['data'] =>
    (info(image) as unknown as Specific)['format-specific'].data
  await dropOnZone(page, [folder], 'add')
  await volumeRow(page, 'server.qcow2').click()
  await page.keyboard.press('Alt+1')
  const tab = page.getByRole('tabpanel')

  await tab.getByRole('button', { name: 'Change options' }).click()
  const options = page.getByRole('dialog', { name: 'Change options of server.qcow2' })
  await options.getByRole('checkbox', { name: 'Lazy reference counts' }).click()
  await options.getByRole('button', { name: 'Change options' }).click()
  await expect(tab.getByRole('definition').getByText('Yes')).toBeVisible()
  expect(specific()['lazy-refcounts']).toBe(true)

  await tab.getByRole('button', { name: 'Bitmaps' }).click()
  const bitmaps = page.getByRole('dialog', { name: 'Bitmaps in server.qcow2' })
  await bitmaps.getByRole('textbox', { name: 'New bitmap' }).fill('daily')
  // The change before may still be coming to its end.
  await expect(bitmaps.getByRole('button', { name: 'Add bitmap' })).toBeEnabled()
  await bitmaps.getByRole('textbox', { name: 'New bitmap' }).press('Enter')
  const row = bitmaps.getByRole('listitem').filter({ hasText: 'daily' })
  await expect(row.getByText('Recording')).toBeVisible()
  expect(specific()['bitmaps']).toEqual([{ flags: ['auto'], name: 'daily', granularity: 65_536 }])

  await row.getByRole('button', { name: 'Actions for daily' }).click()
  await page.getByRole('menuitem', { name: 'Stop recording' }).click()
  await expect(row.getByText('Stopped')).toBeVisible()
  await row.getByRole('button', { name: 'Actions for daily' }).click()
  await page.getByRole('menuitem', { name: 'Remove' }).click()
  await expect(bitmaps.getByText('There are no bitmaps in this image.')).toBeVisible()
  expect(specific()['bitmaps']).toBeUndefined()
  expect(qemu('check', image)).toContain('No errors were found')
})
