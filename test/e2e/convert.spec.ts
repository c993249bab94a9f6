// A real disk dropped on the window becomes a qcow2 that QEMU has nothing to say against.

import { spawnSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { createReadStream } from 'node:fs'
import { copyFile, mkdir, readdir, stat, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { Page } from '@playwright/test'
import { MiB } from '../../core/model/units.ts'
import { newestOracle } from '../helpers/oracles.ts'
import { realDisk } from '../helpers/real-disk.ts'
import { dropOnZone, openJobs, volumeRow } from './actions.ts'
import { expect, test } from './fixtures.ts'

const { qemuImg } = newestOracle()

function qemu(...args: readonly string[]): { status: number | null; text: string } {
  const { status, stdout, stderr } = spawnSync(qemuImg, args, { encoding: 'utf8' })
  return { status, text: stdout + stderr }
}

async function hashOf(path: string): Promise<string> {
  const hash = createHash('sha256')
  for await (const chunk of createReadStream(path)) hash.update(chunk as Buffer)
  return hash.digest('hex')
}

/** The test's own copy of the real disk: a raw ext4 file system of more than 300 MB. */
async function serverDisk(folder: string): Promise<string> {
  const disk = join(folder, 'server.img')
  await copyFile(realDisk(), disk)
  expect((await stat(disk)).blocks * 512).toBeGreaterThan(300e6)
  return disk
}

async function convertDialog(page: Page, name: string) {
  const dialog = page.getByRole('dialog', { name: `Convert ${name}` })
  await expect(dialog).toBeVisible()
  return dialog
}

test.describe.configure({ timeout: 240_000 })

test('a dropped raw disk is converted to qcow2 and verified', async ({ page, folder }) => {
  const disk = await serverDisk(folder)
  await dropOnZone(page, [disk], 'convert')
  const dialog = await convertDialog(page, 'server.img')
  await expect(dialog.getByText('The original is not changed.', { exact: false })).toBeVisible()
  await expect(dialog.getByRole('checkbox', { name: 'Verify after writing' })).toBeChecked()
  await dialog.getByRole('button', { name: 'Convert volume' }).click()
  await expect(dialog).toBeHidden()
  const jobs = await openJobs(page)
  await expect(jobs.getByText(/^verified, .* on disk$/)).toBeVisible({ timeout: 120_000 })

  const result = join(folder, 'server.qcow2')
  expect(await readdir(folder)).toEqual(['server.img', 'server.qcow2'])
  expect(qemu('check', result)).toMatchObject({ status: 0, text: expect.stringContaining('No errors were found') })
  expect(qemu('compare', '-f', 'raw', '-F', 'qcow2', disk, result)).toEqual({
    status: 0,
    text: 'Images are identical.\n',
  })
  // As thin as the source: nothing but what holds data takes room.
  expect((await stat(result)).size).toBeLessThan((await stat(disk)).blocks * 512 + 8 * MiB)
})

test('the same disk, compressed with zstd', async ({ page, folder }) => {
  const disk = await serverDisk(folder)
  await dropOnZone(page, [disk], 'convert')
  const dialog = await convertDialog(page, 'server.img')
  await dialog.getByRole('checkbox', { name: 'Compress' }).check()
  await dialog.getByRole('combobox', { name: 'Compression' }).click()
  await page.getByRole('option', { name: /zstd/ }).click()
  await dialog.getByRole('button', { name: 'Convert volume' }).click()
  const jobs = await openJobs(page)
  await expect(jobs.getByText(/^verified, .* on disk$/)).toBeVisible({ timeout: 180_000 })

  const result = join(folder, 'server.qcow2')
  expect(qemu('check', result)).toMatchObject({ status: 0, text: expect.stringContaining('No errors were found') })
  expect(qemu('compare', '-f', 'raw', '-F', 'qcow2', disk, result).status).toBe(0)
  expect(qemu('info', result).text).toContain('compression type: zstd')
  expect((await stat(result)).size).toBeLessThan(0.7 * (await stat(disk)).blocks * 512)
})

test('cancelled half-way, a conversion leaves no file and the source as it was', async ({ page, folder }) => {
  const disk = await serverDisk(folder)
  const before = await hashOf(disk)
  await dropOnZone(page, [disk], 'convert')
  const dialog = await convertDialog(page, 'server.img')
  await dialog.getByRole('checkbox', { name: 'Compress' }).check()
  await dialog.getByRole('button', { name: 'Convert volume' }).click()
  const jobs = await openJobs(page)
  const running = jobs.getByRole('progressbar', { name: 'Convert server.img to QCOW2' })
  await expect.poll(async () => Number(await running.getAttribute('aria-valuenow'))).toBeGreaterThan(0)
  expect(await readdir(folder)).toContain('server.qcow2.partial')
  await jobs.getByRole('button', { name: 'Cancel: Convert server.img to QCOW2' }).click()
  await expect(jobs.getByText('cancelled', { exact: true })).toBeVisible()
  expect(await readdir(folder)).toEqual(['server.img'])
  expect(await hashOf(disk)).toBe(before)
})

test('a file system that fills up is told plainly, and nothing is left behind', async ({ page, folder, answer }) => {
  const disk = await serverDisk(folder)
  const before = await hashOf(disk)
  const small = join(folder, 'small')
  await mkdir(small)
  const mounted = spawnSync('mount', ['-t', 'tmpfs', '-o', 'size=420m', 'tmpfs', small], { encoding: 'utf8' })
  test.skip(mounted.status !== 0, `only root can mount a small file system here: ${mounted.stderr}`)
  try {
    await answer('showOpenDialog', { canceled: false, filePaths: [small] })
    await dropOnZone(page, [disk], 'convert')
    const dialog = await convertDialog(page, 'server.img')
    await dialog.getByRole('combobox', { name: 'Folder' }).click()
    await page.getByRole('option', { name: 'Choose folder…' }).click()
    await expect(dialog.getByText('Left on', { exact: false })).toContainText('small')
    await dialog.getByRole('checkbox', { name: 'Compress' }).check()
    await dialog.getByRole('button', { name: 'Convert volume' }).click()
    const jobs = await openJobs(page)
    const running = jobs.getByRole('progressbar', { name: 'Convert server.img to QCOW2' })
    await expect.poll(async () => Number(await running.getAttribute('aria-valuenow'))).toBeGreaterThan(0)
    // Someone else takes the room that was free when the conversion began.
    await writeFile(join(small, 'ballast'), Buffer.alloc(410 * MiB)).catch((error: NodeJS.ErrnoException) => {
      if (error.code !== 'ENOSPC') throw error
    })
    await expect(jobs.getByText('failed', { exact: true })).toBeVisible()
    await expect(jobs.getByText(/is full|no space|room/i).first()).toBeVisible()
    expect(await readdir(small)).toEqual(['ballast'])
    expect(await hashOf(disk)).toBe(before)
  } finally {
    spawnSync('umount', ['-l', small])
  }
})

test('several files at once, one of them bad: the good ones are converted', async ({ page, folder }) => {
  for (const name of ['one.img', 'two.img']) await writeFile(join(folder, name), Buffer.alloc(4 * MiB, name))
  await writeFile(join(folder, 'bad.qcow2'), Buffer.from('QFI\xfb\0\0\0\x03 and then nothing', 'latin1'))
  await dropOnZone(
    page,
    ['one.img', 'bad.qcow2', 'two.img'].map((name) => join(folder, name)),
    'convert',
  )
  const dialog = page.getByRole('dialog', { name: /^Convert \d volumes$/ })
  await expect(dialog.getByText('bad.qcow2').first()).toBeVisible()
  await dialog.getByRole('button', { name: /^Convert \d volumes$/ }).click()
  const jobs = await openJobs(page)
  await expect(jobs.getByText(/^verified, .* on disk$/)).toHaveCount(2)
  for (const name of ['one', 'two']) {
    expect(qemu('compare', join(folder, `${name}.img`), join(folder, `${name}.qcow2`)).status).toBe(0)
  }
})

test('a converted volume shows up in the library by itself', async ({ page, folder }) => {
  await writeFile(join(folder, 'disk.img'), Buffer.alloc(2 * MiB, 7))
  await dropOnZone(page, [folder], 'add')
  await expect(volumeRow(page, 'disk.img')).toBeVisible()
  await volumeRow(page, 'disk.img').click()
  await page.keyboard.press('Control+e')
  await (await convertDialog(page, 'disk.img')).getByRole('button', { name: 'Convert volume' }).click()
  await expect(volumeRow(page, 'disk.qcow2')).toBeVisible()
})
