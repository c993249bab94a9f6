// A change that was cut off half-way is shown, and put back byte for byte.

import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { openFile } from '../../core/storage/file.ts'
import { UndoStorage } from '../../core/storage/undo-storage.ts'
import { dropOnZone, volumeRow } from './actions.ts'
import { expect, test } from './fixtures.ts'
import { holds, qemu, qemuStatus, write } from './qemu.ts'

/** As a program leaves it that dies in the middle of its work. */
async function cutOff(image: string): Promise<void> {
  await using file = await openFile(image, 'write')
  await using log = await openFile(`${image}.spindle-undo`, 'create')
  const storage = await UndoStorage.over(file, log)
  await storage.write(0, new Uint8Array(64 * 1024))
  await storage.flush()
}

test('a volume whose change was cut off is put back with one button', async ({ page, folder }) => {
  const image = join(folder, 'server.qcow2')
  qemu('create', '-q', '-f', 'qcow2', image, '64M')
  write(image, '0x11')
  const before = await readFile(image)
  await cutOff(image)
  expect(qemuStatus('info', '-f', 'qcow2', image)).not.toBe(0)
  await dropOnZone(page, [folder], 'add')

  await volumeRow(page, 'server.qcow2').click()
  const inspector = page.getByRole('complementary', { name: 'Inspector' })
  await expect(inspector.getByRole('alert')).toContainText('A change was cut off in the middle.')
  await inspector.getByRole('button', { name: 'Put it back' }).click()
  await expect(inspector.getByRole('alert')).toBeHidden()
  await expect(volumeRow(page, 'server.qcow2').getByText('64 MiB')).toBeVisible()
  expect(Buffer.compare(await readFile(image), before)).toBe(0)
  expect(holds(image, '0x11')).toBe(true)
  expect(qemu('check', image)).toContain('No errors were found')
})
