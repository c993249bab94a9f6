// The map of a real image: opened, zoomed, gone through by keyboard and read as a table, and held against qemu-img's.

import { join } from 'node:path'
import type { Page } from '@playwright/test'
import { dropOnZone, volumeRow } from './actions.ts'
import { expect, test } from './fixtures.ts'
import { qemu, write } from './qemu.ts'

interface Row {
  readonly start: number
  readonly length: number
  readonly data: boolean
  readonly offset?: number
}

function hex(offset: number): string {
  return `0x${offset.toString(16).toUpperCase()}`
}

/** Milliseconds of each frame while the map is zoomed in and out. */
async function zoomFrames(page: Page): Promise<readonly number[]> {
  return page.evaluate(async () => {
    const times: number[] = []
    let last = performance.now()
    for (let frame = 0; frame < 60; frame += 1) {
      const key = frame % 20 < 10 ? '+' : '-'
      window.dispatchEvent(new KeyboardEvent('keydown', { key, bubbles: true }))
      await new Promise((resolve) => requestAnimationFrame(resolve))
      const now = performance.now()
      times.push(now - last)
      last = now
    }
    return times
  })
}

test('the map is zoomed, gone through and read as a table', async ({ page, folder }) => {
  const image = join(folder, 'server.qcow2')
  qemu('create', '-q', '-f', 'qcow2', image, '64G')
  write(image, '0x11', '0 1M')
  write(image, '0x22', '1G 192k')
  write(image, '0x33', '40G 64k')
  await dropOnZone(page, [folder], 'add')
  await volumeRow(page, 'server.qcow2').click()
  await page.keyboard.press('Alt+Digit2')
  const tab = page.getByRole('tabpanel')
  await expect(tab.getByText('Shown: 0 B to 64 GiB of the guest disk')).toBeVisible()
  await expect(tab.getByRole('button', { name: 'Data 1.25 MiB' })).toBeVisible()

  // From one change to the next.
  const grid = page.getByRole('slider', { name: /^Map of the disk/ })
  await grid.focus()
  await page.keyboard.press(']')
  await expect(grid).toHaveAttribute('aria-valuetext', '0x0')
  for (let step = 0; step < 8; step += 1) await page.keyboard.press('+')
  await page.keyboard.press('g')
  await page.keyboard.type('1G')
  await page.keyboard.press('Enter')
  await expect(grid).toHaveAttribute('aria-valuetext', hex(2 ** 30))
  await grid.focus()
  const tip = tab.getByText('In the file', { exact: true })
  await expect(tip).toBeVisible()
  await expect(tab.getByText('192 KiB', { exact: true })).toBeVisible()
  await page.keyboard.press('[')
  await expect(grid).toHaveAttribute('aria-valuetext', hex(2 ** 20))

  // The table says what qemu-img says.
  await page.keyboard.press('g')
  await page.keyboard.type('0x0')
  await page.keyboard.press('Enter')
  await grid.focus()
  await page.keyboard.press('t')
  const table = page.getByRole('grid', { name: 'Extents of the disk' })
  const map = JSON.parse(qemu('map', '--output=json', image)) as readonly Row[]
  for (const { start, data, offset } of map) {
    const row = table.getByRole('row').filter({ has: page.getByRole('gridcell', { name: hex(start), exact: true }) })
    await expect(row.first()).toContainText(data ? 'Data' : 'Unallocated')
    if (data) await expect(row.first()).toContainText(hex(Number(offset)))
  }
  await page.keyboard.press('t')
  await expect(grid).toBeVisible()
  await tab.getByRole('button', { name: 'File', exact: true }).click()
  await expect(tab.getByText(/of the file$/)).toBeVisible()
  await expect(tab.getByRole('button', { name: /^Metadata \d/ })).toBeVisible()
})

test('two snapshots are compared, and the ranges that differ are told', async ({ page, folder }) => {
  const image = join(folder, 'server.qcow2')
  qemu('create', '-q', '-f', 'qcow2', image, '64M')
  write(image, '0x11')
  qemu('snapshot', '-c', 'first', image)
  write(image, '0x22', '1M 64k')
  write(image, '0x22', '40M 128k')
  qemu('snapshot', '-c', 'second', image)
  write(image, '0x33', '50M 64k')
  await dropOnZone(page, [folder], 'add')
  await volumeRow(page, 'server.qcow2').click()
  await page.keyboard.press('Alt+Digit3')
  const rail = page.getByRole('grid', { name: 'Snapshots' })
  await rail.getByText('first', { exact: true }).first().click()
  await rail
    .getByText('second', { exact: true })
    .first()
    .click({ modifiers: ['Control'] })
  await rail.getByText('second', { exact: true }).first().click({ button: 'right' })
  await page.getByRole('menuitem', { name: 'Compare' }).click()
  const dialog = page.getByRole('dialog', { name: 'Compare' })
  await dialog.getByRole('button', { name: 'Compare' }).click()
  await expect(dialog.getByText('192 KiB in 2 ranges')).toBeVisible()
  await expect(dialog.getByRole('row').filter({ hasText: hex(2 ** 20) })).toContainText('64 KiB')
  await expect(dialog.getByRole('row').filter({ hasText: hex(40 * 2 ** 20) })).toContainText('128 KiB')
  // One of them with the disk as it is now.
  await dialog.getByRole('region', { name: 'After' }).getByRole('combobox').click()
  await page.getByRole('option', { name: 'As it is now' }).click()
  await dialog.getByRole('button', { name: 'Compare' }).click()
  await expect(dialog.getByText('256 KiB in 3 ranges')).toBeVisible()
  expect(qemu('check', image)).toContain('No errors were found')
})

test('zooming a fragmented disk keeps up with the screen', async ({ page, folder }) => {
  const image = join(folder, 'large.qcow2')
  qemu('create', '-q', '-f', 'qcow2', '-o', 'preallocation=metadata', image, '64G')
  await dropOnZone(page, [folder], 'add')
  await volumeRow(page, 'large.qcow2').click()
  await page.keyboard.press('Alt+Digit2')
  await expect(page.getByText('Shown: 0 B to 64 GiB of the guest disk')).toBeVisible()
  await page.setViewportSize({ width: 1600, height: 1000 })
  const frames = (await zoomFrames(page)).toSorted((one, other) => one - other)
  const at = (part: number): string => (frames[Math.floor(frames.length * part)] ?? 0).toFixed(1)
  console.log(`zooming the map of 1 M clusters: median frame ${at(0.5)} ms, 95 % ${at(0.95)} ms`)
  await expect(page.getByText(/^Shown: /)).toBeVisible()
})
