// Jobs that are paused, cut off by a crash, and offered again; and what is remembered of a volume.

import { once } from 'node:events'
import { randomBytes } from 'node:crypto'
import { readdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { ElectronApplication, Page } from '@playwright/test'
import { MiB } from '../../core/model/units.ts'
import { dropOnZone, openJobs, volumeRow } from './actions.ts'
import { expect, test } from './fixtures.ts'
import { qemu } from './qemu.ts'

/** A conversion that is under way, and stands still. */
async function pausedConversion(page: Page, folder: string): Promise<void> {
  // Random, so that packing it takes a while.
  await writeFile(join(folder, 'old.img'), randomBytes(128 * MiB))
  await dropOnZone(page, [join(folder, 'old.img')], 'convert')
  await page.getByRole('checkbox', { name: 'Compress' }).check()
  await page.getByRole('button', { name: 'Convert volume' }).click()
  await page.getByRole('button', { name: 'Pause: Convert old.img to QCOW2' }).click()
  await expect(page.getByText('Paused')).toBeVisible()
}

/** As when the machine goes down: nothing is tidied up. */
async function crash(app: ElectronApplication): Promise<void> {
  const child = app.process()
  const ended = once(child, 'exit')
  child.kill('SIGKILL')
  await ended
}

test('a paused job stands still, goes on, and ends whole', async ({ page, folder }) => {
  await pausedConversion(page, folder)
  const tray = await openJobs(page)
  const running = tray.getByRole('article', { name: 'Convert old.img to QCOW2' })
  await expect(running).toContainText('Paused')
  await running.getByRole('button', { name: 'Go on: Convert old.img to QCOW2' }).click()
  await expect(tray.getByText(/verified/)).toBeVisible({ timeout: 60_000 })
  await tray.getByRole('button', { name: 'Log', exact: true }).click()
  await expect(tray.getByText(/paused\n.*going on/)).toBeVisible()
  expect(qemu('compare', join(folder, 'old.img'), join(folder, 'old.qcow2'))).toContain('identical')
})

test('after a crash an interrupted job is offered; resumed, also after a second crash, it ends whole', async ({
  app,
  page,
  folder,
  launch,
}) => {
  test.setTimeout(120_000)
  await pausedConversion(page, folder)
  expect(await readdir(folder)).toEqual(['old.img', 'old.qcow2.partial'])
  await crash(app)

  const second = await launch()
  const again = await second.firstWindow()
  await expect(again.getByText('1 job was interrupted.')).toBeVisible()
  const tray = await openJobs(again)
  await tray.getByRole('button', { name: 'Resume: Convert old.img to QCOW2' }).click()
  await again.getByRole('button', { name: 'Pause: Convert old.img to QCOW2' }).first().click()
  await expect(tray.getByText('Paused')).toBeVisible()
  await crash(second)

  const third = await (await launch()).firstWindow()
  await expect(third.getByText('1 job was interrupted.')).toBeVisible()
  const last = await openJobs(third)
  await last.getByRole('button', { name: 'Resume: Convert old.img to QCOW2' }).click()
  await expect(last.getByText(/verified/)).toBeVisible({ timeout: 60_000 })
  expect(await readdir(folder)).toEqual(['old.img', 'old.qcow2'])
  expect(qemu('check', join(folder, 'old.qcow2'))).toContain('No errors were found')
  expect(qemu('compare', join(folder, 'old.img'), join(folder, 'old.qcow2'))).toContain('identical')
})

test('an interrupted job that is discarded leaves nothing, and is not offered again', async ({
  app,
  page,
  folder,
  launch,
}) => {
  await pausedConversion(page, folder)
  await crash(app)
  const second = await launch()
  const again = await second.firstWindow()
  await expect(again.getByText('1 job was interrupted.')).toBeVisible()
  const tray = await openJobs(again)
  await tray.getByRole('button', { name: 'Discard partial file: Convert old.img to QCOW2' }).click()
  await expect(tray.getByText('Interrupted')).toHaveCount(0)
  expect(await readdir(folder)).toEqual(['old.img'])
  await again.reload()
  await expect(again.getByText('No jobs.')).toBeVisible()
})

test('what was done to a volume is remembered over a restart', async ({ app, page, folder, launch }) => {
  const image = join(folder, 'server.qcow2')
  qemu('create', '-q', '-f', 'qcow2', image, '64M')
  await dropOnZone(page, [folder], 'add')
  await volumeRow(page, 'server.qcow2').click()
  await page.getByRole('complementary', { name: 'Inspector' }).getByRole('button', { name: 'Check' }).click()
  await expect(page.getByRole('button', { name: 'Check again' })).toBeVisible()
  await app.close()

  const again = await (await launch()).firstWindow()
  await volumeRow(again, 'server.qcow2').click()
  await again.keyboard.press('Alt+6')
  const rows = again.getByRole('table').getByRole('row')
  await expect(rows.filter({ hasText: 'Check server.qcow2' })).toContainText('in order')
})
