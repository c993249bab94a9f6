// The library: many volumes, live changes, and what cannot be opened.

import { spawnSync } from 'node:child_process'
import { mkdir, rename, rm, truncate, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { AxeBuilder } from '@axe-core/playwright'
import type { Page } from '@playwright/test'
import { MiB } from '../../core/model/units.ts'
import { newestOracle } from '../helpers/oracles.ts'
import { dropOnZone, volumeRow } from './actions.ts'
import { expect, test } from './fixtures.ts'

const { qemuImg } = newestOracle()
const MANY = 10_000

async function volumes(folder: string, count: number): Promise<void> {
  for (let number = 0; number < count; number += 1) {
    const group = join(folder, `group-${String(Math.floor(number / 500)).padStart(2, '0')}`)
    if (number % 500 === 0) await mkdir(group, { recursive: true })
    const path = join(group, `volume-${String(number).padStart(5, '0')}.img`)
    await writeFile(path, '')
    await truncate(path, MiB * (1 + (number % 100)))
  }
}

function grid(page: Page) {
  return page.getByRole('grid', { name: 'Volumes' })
}

test('ten thousand volumes: first rows at once, then all of them, scrolled from end to end', async ({
  page,
  folder,
}, info) => {
  test.setTimeout(180_000)
  await volumes(folder, MANY)
  const started = performance.now()
  await dropOnZone(page, [folder], 'add')
  await expect(grid(page).getByRole('row').nth(1)).toBeVisible()
  const first = performance.now() - started
  await expect(page.getByText(`${MANY.toLocaleString('en')} volumes`, { exact: false })).toBeVisible({
    timeout: 60_000,
  })
  const all = performance.now() - started
  info.annotations.push({ type: 'figures', description: `first rows ${first.toFixed(0)} ms, all ${all.toFixed(0)} ms` })
  console.log(`10,000 volumes: first rows after ${first.toFixed(0)} ms, all after ${all.toFixed(0)} ms`)

  await grid(page).getByRole('row').nth(1).click()
  await page.keyboard.press('End')
  await expect(volumeRow(page, 'group-19/volume-09999.img')).toBeVisible()
  await page.keyboard.press('Home')
  await expect(volumeRow(page, 'group-00/volume-00000.img')).toBeVisible()

  // Scrolled quickly, every frame shows rows from top to bottom: none is left out.
  const empty = await page.evaluate(async () => {
    const scroller = document.querySelector<HTMLElement>('[role="grid"]')
    if (!scroller) throw new Error('no grid')
    let gaps = 0
    for (let step = 0; step < 60; step += 1) {
      scroller.scrollTop += 900
      await new Promise((resolve) => requestAnimationFrame(() => requestAnimationFrame(resolve)))
      const view = scroller.getBoundingClientRect()
      const rows = [...scroller.querySelectorAll('[role="row"][aria-selected]')].map((row) =>
        row.getBoundingClientRect(),
      )
      const covered = rows.filter((row) => row.bottom > view.top + 40 && row.top < view.bottom)
      const height = covered.reduce(
        (sum, row) => sum + Math.min(row.bottom, view.bottom) - Math.max(row.top, view.top),
        0,
      )
      if (height < (view.bottom - view.top) * 0.85) gaps += 1
    }
    return gaps
  })
  expect(empty).toBe(0)

  await page.keyboard.press('Control+f')
  await page.keyboard.type('volume-04242')
  await expect(volumeRow(page, 'group-08/volume-04242.img')).toBeVisible()
  await expect(grid(page).getByRole('row')).toHaveCount(2)
})

test('what happens in a watched folder shows by itself', async ({ page, folder }) => {
  await writeFile(join(folder, 'first.img'), Buffer.alloc(MiB))
  await dropOnZone(page, [folder], 'add')
  await expect(volumeRow(page, 'first.img')).toBeVisible()
  spawnSync(qemuImg, ['create', '-q', '-f', 'qcow2', join(folder, 'second.qcow2'), '7G'])
  await expect(volumeRow(page, 'second.qcow2')).toContainText('7 GiB')
  await rename(join(folder, 'first.img'), join(folder, 'renamed.img'))
  await expect(volumeRow(page, 'renamed.img')).toBeVisible()
  await expect(volumeRow(page, 'first.img')).toHaveCount(0)
  await rm(join(folder, 'second.qcow2'))
  await expect(volumeRow(page, 'second.qcow2')).toHaveCount(0)
})

test('places and settings are there again after a restart', async ({ page, app, launch, folder }) => {
  await writeFile(join(folder, 'kept.img'), Buffer.alloc(MiB))
  await dropOnZone(page, [folder], 'add')
  await expect(volumeRow(page, 'kept.img')).toBeVisible()
  await app.close()
  const again = await (await launch()).firstWindow()
  await expect(volumeRow(again, 'kept.img')).toBeVisible()
})

test('damaged and orphaned images are rows that say what is wrong and what to do', async ({ page, folder }) => {
  await writeFile(join(folder, 'cut.qcow2'), Buffer.from('QFI\xfb\0\0\0\x03', 'latin1'))
  spawnSync(qemuImg, [
    'create',
    '-q',
    '-u',
    '-f',
    'qcow2',
    '-b',
    'gone.qcow2',
    '-F',
    'qcow2',
    join(folder, 'orphan.qcow2'),
    '1G',
  ])
  await dropOnZone(page, [folder], 'add')
  await volumeRow(page, 'cut.qcow2').click()
  const inspector = page.getByRole('complementary', { name: 'Inspector' })
  await expect(inspector).toContainText('cut.qcow2')
  await expect(
    inspector
      .getByRole('alert')
      .or(inspector.getByText(/header|too short|cut/i))
      .first(),
  ).toBeVisible()
  await volumeRow(page, 'orphan.qcow2').click()
  await expect(inspector.getByText(/gone\.qcow2/).first()).toBeVisible()
  await expect(inspector).not.toContainText(/ENOENT|at .*\.js/)
})

for (const theme of ['light', 'dark'] as const) {
  test(`nothing on the screens stands in anyone's way (${theme})`, async ({ page, folder, theme: setTheme }) => {
    test.setTimeout(120_000)
    await setTheme(theme)
    async function expectAccessible(screen: string): Promise<void> {
      // A dialog that is still fading in has the contrast of its half-way colours.
      await page.evaluate(async () => Promise.all(document.getAnimations().map((animation) => animation.finished)))
      const { violations } = await new AxeBuilder({ page })
        .withTags(['wcag2a', 'wcag2aa', 'wcag21aa', 'wcag22aa'])
        .analyze()
      expect(
        violations.map(
          ({ id, nodes }) => `${screen}: ${id} at ${nodes.map((node) => node.target.join(' ')).join(', ')}`,
        ),
      ).toEqual([])
    }
    await expectAccessible('empty library')
    await writeFile(join(folder, 'disk.img'), Buffer.alloc(MiB, 1))
    await writeFile(join(folder, 'cut.qcow2'), Buffer.from('QFI\xfb\0\0\0\x03', 'latin1'))
    await dropOnZone(page, [folder], 'add')
    await volumeRow(page, 'cut.qcow2').click()
    await expectAccessible('library with a damaged volume')
    await volumeRow(page, 'disk.img').click()
    await expectAccessible('library')
    await page.keyboard.press('Control+n')
    await expect(page.getByRole('dialog', { name: 'Create volume' })).toBeVisible()
    await page.getByRole('button', { name: 'Advanced' }).click()
    await expectAccessible('create')
    await page.keyboard.press('Escape')
    await volumeRow(page, 'disk.img').click()
    await page.keyboard.press('Control+e')
    await expect(page.getByRole('button', { name: 'Convert volume' })).toBeEnabled()
    await expectAccessible('convert')
    await page.getByRole('button', { name: 'Convert volume' }).click()
    await expect(page.getByRole('dialog')).toHaveCount(0)
    await page.keyboard.press('Control+j')
    await expect(page.getByText(/^verified, /)).toBeVisible()
    await expectAccessible('jobs')
  })
}

test('files named on the command line are offered: add them, or convert them', async ({ launch, folder }) => {
  await writeFile(join(folder, 'given.img'), Buffer.alloc(MiB))
  const page = await (await launch({ args: [join(folder, 'given.img')] })).firstWindow()
  await page.getByRole('button', { name: 'Add to library' }).click()
  await expect(volumeRow(page, 'given.img')).toBeVisible()
})
