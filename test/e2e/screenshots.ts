// `npm run screenshots [-- NAME …]`: pictures of every screen, or of these, in both themes, by the real application.

import { copyFile, mkdir, mkdtemp, realpath, rm, truncate, utimes, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { _electron } from '@playwright/test'
import type { ElectronApplication, Page } from '@playwright/test'
import { chooseElectron } from '../../electron/dev/runtime.ts'
import { GiB, MiB } from '../../core/model/units.ts'
import { dividedDisk, emptyFile, placeInto, tool } from '../helpers/partition-tools.ts'
import { realDisk } from '../helpers/real-disk.ts'
import { dropOnZone, openJobs, volumeRow } from './actions.ts'
import { damageCounts, qemu, write } from './qemu.ts'

const root = fileURLToPath(new URL('../../', import.meta.url))
const pictures = fileURLToPath(new URL('screenshots/', import.meta.url))
const WIDE = { width: 1280, height: 800 }
const NARROW = { width: 960, height: 600 }
const LARGE = { width: 1600, height: 1000 }

/** A library such as people have: bases and overlays, a snapshot, compressed and raw disks, and some trouble. */
async function makeVolumes(folder: string): Promise<void> {
  const at = (name: string): string => join(folder, name)
  await mkdir(at('base'))
  await copyFile(realDisk(), at('nfs-export.img'))
  qemu('convert', '-O', 'qcow2', at('nfs-export.img'), at('base/debian12-cloud.qcow2'))
  qemu('create', '-q', '-f', 'qcow2', '-b', 'base/debian12-cloud.qcow2', '-F', 'qcow2', at('web1.qcow2'), '40G')
  qemu(
    'convert',
    '-O',
    'qcow2',
    '-B',
    'base/debian12-cloud.qcow2',
    '-F',
    'qcow2',
    at('nfs-export.img'),
    at('mail-relay.qcow2'),
  )
  qemu(
    'convert',
    '-c',
    '-O',
    'qcow2',
    '-o',
    'compression_type=zstd',
    at('nfs-export.img'),
    at('archive-2025-11-before-the-great-migration-of-everything.qcow2'),
  )
  qemu('snapshot', '-c', 'before upgrade', at('mail-relay.qcow2'))
  for (const [name, size] of [
    ['ci-runner-01.qcow2', '40G'],
    ['ci-runner-02.qcow2', '40G'],
    ['pg17-trial.qcow2', '200G'],
    ['fedora-base.qcow2', '64G'],
  ] as const)
    qemu('create', '-q', '-f', 'qcow2', '-o', 'preallocation=metadata', at(name), size)
  await addSnapshots(at('pg17-trial.qcow2'))
  await addWindows(at('windows-11-dev.qcow2'), at('windows.img'))
  qemu('create', '-q', '-f', 'qcow2', at('zabbix.qcow2'), '20G')
  write(at('zabbix.qcow2'), '0x11')
  await damageCounts(at('zabbix.qcow2'))
  qemu('create', '-q', '-u', '-f', 'qcow2', '-b', 'base/ubuntu-24.04.qcow2', '-F', 'qcow2', at('staging.qcow2'), '20G')
  for (const [name, size] of [
    ['build-cache.img', 200 * GiB],
    ['scratch.img', 8 * GiB],
    ['xp-pos-terminal.img', 4 * GiB],
  ] as const) {
    await writeFile(at(name), Buffer.alloc(7 * MiB, name))
    await truncate(at(name), size)
  }
  await writeFile(at('old-exchange.qcow2'), Buffer.from('QFI\xfb\0\0\0\x03', 'latin1'))
  const then = new Date('2026-09-14T10:30:00Z')
  for (const name of ['base/debian12-cloud.qcow2', 'fedora-base.qcow2', 'xp-pos-terminal.img'])
    await utimes(at(name), then, then)
}

async function addSnapshots(image: string): Promise<void> {
  for (const [index, name] of ['First boot, configured', 'Before 17.1', 'After vacuum', 'Before upgrade'].entries()) {
    write(image, `0x${index + 1}1`, '0 4M')
    qemu('snapshot', '-c', name, image)
  }
}

async function start(home: string): Promise<{ app: ElectronApplication; page: Page }> {
  const app = await _electron.launch({
    args: ['.'],
    cwd: root,
    env: { ...process.env, HOME: home, XDG_CONFIG_HOME: join(home, 'config'), STANDIN_HEADLESS: '1' },
  })
  const page = await app.firstWindow()
  await page.getByRole('button', { name: 'New volume' }).first().waitFor()
  return { app, page }
}

async function settled(page: Page): Promise<void> {
  await page.waitForFunction(() => !document.querySelector('aside')?.textContent.includes('Data–'))
  await page.evaluate(async () => {
    await document.fonts.ready
    await Promise.all(document.getAnimations().map((animation) => animation.finished))
    await new Promise((resolve) => requestAnimationFrame(() => requestAnimationFrame(resolve)))
  })
}

/** Names given on the command line; none of them means all. */
const wanted = new Set(process.argv.slice(2))

function isWanted(...names: readonly string[]): boolean {
  return wanted.size === 0 || names.some((name) => wanted.has(name))
}

async function shoot(page: Page, name: string, theme: string): Promise<void> {
  if (!isWanted(name)) return
  await settled(page)
  await page.screenshot({ path: join(pictures, `${name}-${theme}.png`) })
  console.log(`${name}-${theme}.png`)
}

/** Selects a row and waits until the inspector shows what only a look into the image can tell. */
async function select(page: Page, name: string, known: string): Promise<void> {
  await volumeRow(page, name).click()
  await page.getByRole('complementary', { name: 'Inspector' }).getByText(known, { exact: true }).first().waitFor()
}

async function holdOverWindow(page: Page, files: readonly string[]): Promise<() => Promise<void>> {
  const session = await page.context().newCDPSession(page)
  const data = { items: [], files: [...files], dragOperationsMask: 1 }
  const at = { x: 900, y: 400, data }
  await session.send('Input.dispatchDragEvent', { type: 'dragEnter', ...at })
  await session.send('Input.dispatchDragEvent', { type: 'dragOver', ...at })
  await page.getByText('Release to drop,').waitFor()
  return async () => {
    await session.send('Input.dispatchDragEvent', { type: 'dragCancel', ...at })
    await session.detach()
  }
}

/** Divided as Windows divides a disk. */
async function addWindows(image: string, disk: string): Promise<void> {
  const guids = { reserved: 'E3C9E316-0B5C-4DB8-817D-F92DF00215AE', data: 'EBD0A0A2-B9E5-4433-87C0-68B6B72699C7' }
  dividedDisk(disk, 128 * GiB, [
    'label: gpt',
    'size=100M, type=U',
    `size=16M, type=${guids.reserved}`,
    `size=96G, type=${guids.data}, name="Basic data partition"`,
  ])
  const parts = [
    [MiB, 100 * MiB, (part: string) => tool('mkfs.fat', ['-F', '32', part])],
    [117 * MiB, 96 * GiB, (part: string) => tool('mkfs.ntfs', ['-q', '-F', '-Q', '-L', 'Windows', part])],
  ] as const
  for (const [offset, size, make] of parts) {
    const part = emptyFile(`${disk}.part`, size)
    make(part)
    qemu('dd', '-f', 'raw', '-O', 'raw', `if=${part}`, `of=${part}.cut`, 'bs=1M', 'count=64')
    placeInto(disk, offset, `${part}.cut`)
    await Promise.all([rm(part), rm(`${part}.cut`)])
  }
  qemu('convert', '-f', 'raw', '-O', 'qcow2', disk, image)
  await rm(disk)
}

const CHANGE_SCREENS = [
  'overview',
  'contents',
  'amend',
  'bitmaps',
  'snapshots',
  'history-outcome',
  'snapshots-revert',
  'history-map',
  'snapshots-delete',
  'resize',
  'resize-shrink',
  'health',
  'repair',
  'activity',
  'merge-down',
  'compare',
] as const

/** What looks into volumes, and changes them where they are. */
async function changeScreens(page: Page, theme: string): Promise<void> {
  const inspector = page.getByRole('complementary', { name: 'Inspector' })
  const leave = async (): Promise<void> => {
    await page.keyboard.press('Escape')
    await page.getByRole('dialog').or(page.getByRole('alertdialog')).waitFor({ state: 'detached' })
  }

  await select(page, 'windows-11-dev.qcow2', 'Chain')
  await page.keyboard.press('Alt+1')
  await page.getByRole('tabpanel').getByText('GUID partition table').waitFor()
  await shoot(page, 'overview', theme)
  for (const [name, command] of [
    ['amend', 'Change options'],
    ['bitmaps', 'Bitmaps'],
  ] as const) {
    await page.getByRole('tabpanel').getByRole('button', { name: command }).click()
    await page.getByRole('dialog').getByText('Looking').waitFor({ state: 'hidden' })
    await shoot(page, name, theme)
    await leave()
  }
  await page.keyboard.press('Alt+4')
  await page.getByRole('row', { name: /NTFS/ }).waitFor()
  await shoot(page, 'contents', theme)
  await page.keyboard.press('Alt+ArrowLeft')

  await select(page, 'windows-11-dev.qcow2', 'Chain')
  await inspector.getByRole('button', { name: 'Resize' }).click()
  const size = page.getByRole('textbox', { name: 'New size' })
  for (const [name, text] of [
    ['resize', '192G'],
    ['resize-shrink', '64G'],
  ] as const) {
    await size.fill(text)
    await page.getByText('Looking at what the disk holds').waitFor({ state: 'hidden' })
    await shoot(page, name, theme)
  }
  await leave()

  await volumeRow(page, 'pg17-trial.qcow2').dblclick()
  const rows = page.getByRole('grid', { name: 'Snapshots' }).locator('[data-kind="snapshot"]')
  await rows.nth(1).click()
  await shoot(page, 'snapshots', theme)
  await page.getByRole('button', { name: 'Go back' }).click()
  const outcome = page.getByRole('complementary', { name: 'Outcome' })
  await outcome.waitFor()
  await shoot(page, 'history-outcome', theme)
  await outcome.getByRole('button', { name: 'Go back…' }).click()
  await shoot(page, 'snapshots-revert', theme)
  await leave()
  await outcome.getByRole('button', { name: 'Cancel' }).click()
  await page.keyboard.press('m')
  await shoot(page, 'history-map', theme)
  await page.keyboard.press('m')
  await rows.nth(2).click({ modifiers: ['Shift'] })
  await page.keyboard.press('Delete')
  await shoot(page, 'snapshots-delete', theme)
  await leave()
  await page.keyboard.press('Alt+ArrowLeft')

  await volumeRow(page, 'zabbix.qcow2').click()
  await inspector.getByRole('button', { name: 'Check' }).click()
  await page.getByRole('button', { name: 'Check again' }).waitFor()
  await shoot(page, 'health', theme)
  await page.getByRole('button', { name: /^Repair \d/ }).click()
  await shoot(page, 'repair', theme)
  await leave()
  await page.keyboard.press('Alt+6')
  await page.getByRole('table').waitFor()
  await shoot(page, 'activity', theme)
  await page.keyboard.press('Alt+ArrowLeft')

  await volumeRow(page, 'web1.qcow2').click({ button: 'right' })
  await page.getByRole('menuitem', { name: 'Merge down' }).click()
  await page.getByText('Other volumes read through').waitFor()
  await shoot(page, 'merge-down', theme)
  await leave()

  await volumeRow(page, 'nfs-export.img').click()
  await volumeRow(page, 'archive-2025-11-before-the-great-migration-of-everything.qcow2').click({
    modifiers: ['Control'],
    button: 'left',
  })
  await page.getByRole('row', { selected: true }).first().click({ button: 'right' })
  await page.getByRole('menuitem', { name: 'Compare' }).click()
  await page.getByRole('dialog').getByRole('button', { name: 'Compare' }).click()
  await page.getByText('Identical', { exact: true }).waitFor({ timeout: 60_000 })
  await shoot(page, 'compare', theme)
  await leave()
}

async function everyScreen(theme: 'light' | 'dark', work: string): Promise<void> {
  const home = join(work, `home-${theme}`)
  const folder = join(home, 'VMs')
  await mkdir(folder, { recursive: true })
  await makeVolumes(folder)
  const { app, page } = await start(home)
  try {
    await page.setViewportSize(WIDE)
    await app.evaluate(({ nativeTheme }, chosen) => {
      nativeTheme.themeSource = chosen
    }, theme)
    await page.waitForFunction((dark) => matchMedia('(prefers-color-scheme: dark)').matches === dark, theme === 'dark')
    await shoot(page, 'library-empty', theme)

    const release = await holdOverWindow(page, [join(folder, 'scratch.img')])
    await shoot(page, 'drop', theme)
    await release()

    await dropOnZone(page, [folder], 'add')
    await volumeRow(page, 'xp-pos-terminal.img').waitFor()
    await select(page, 'mail-relay.qcow2', 'Backing file')
    await shoot(page, 'library', theme)
    await select(page, 'old-exchange.qcow2', 'Details')
    await shoot(page, 'trouble', theme)
    await select(page, 'mail-relay.qcow2', 'Backing file')
    await page.setViewportSize(NARROW)
    await shoot(page, 'library-960', theme)
    await page.setViewportSize(LARGE)
    await shoot(page, 'library-1600', theme)
    await page.setViewportSize(WIDE)

    await page.keyboard.press('Control+n')
    const create = page.getByRole('dialog', { name: 'Create volume' })
    await create.getByRole('textbox', { name: 'Name' }).fill('ubuntu-ci-02')
    await create.getByRole('textbox', { name: 'Size' }).fill('64G')
    await create.getByText(/Uses .* now, up to 64/).waitFor()
    await create.getByRole('button', { name: 'Advanced' }).click()
    await shoot(page, 'create', theme)
    await page.setViewportSize(NARROW)
    await shoot(page, 'create-960', theme)
    await page.setViewportSize(WIDE)
    await page.keyboard.press('Escape')

    if (isWanted(...CHANGE_SCREENS)) await changeScreens(page, theme)
    if (isWanted('settings', 'shortcuts')) {
      await page.keyboard.press('Control+,')
      await shoot(page, 'settings', theme)
      await page.keyboard.press('F1')
      await shoot(page, 'shortcuts', theme)
      await page.keyboard.press('Escape')
      await page.keyboard.press('Alt+ArrowLeft')
    }
    if (!isWanted('convert', 'convert-several', 'jobs', 'jobs-page')) return
    await select(page, 'mail-relay.qcow2', 'Backing file')
    await page.keyboard.press('Control+e')
    await page.getByRole('button', { name: 'Convert volume' }).and(page.locator(':enabled')).waitFor()
    await shoot(page, 'convert', theme)
    await page.keyboard.press('Escape')
    await dropOnZone(
      page,
      ['scratch.img', 'old-exchange.qcow2', 'nfs-export.img'].map((name) => join(folder, name)),
      'convert',
    )
    const several = page.getByRole('button', { name: /^Convert \d volumes$/ })
    await several.and(page.locator(':enabled')).waitFor()
    await shoot(page, 'convert-several', theme)
    await several.click()
    const jobs = await openJobs(page)
    await jobs
      .getByText(/^verified/)
      .nth(1)
      .waitFor({ timeout: 120_000 })
    await dropOnZone(page, [join(folder, 'nfs-export.img')], 'convert')
    await page.getByRole('checkbox', { name: 'Compress' }).check()
    await page.getByRole('textbox', { name: /^Name of the new file/ }).fill('nfs-export-small')
    await page.getByRole('button', { name: 'Convert volume' }).click()
    await page.waitForFunction(
      () => Number(document.querySelector('section [role="progressbar"]')?.getAttribute('aria-valuenow')) > 0,
    )
    await shoot(page, 'jobs', theme)
    await page.keyboard.press('Control+Shift+j')
    await shoot(page, 'jobs-page', theme)
  } finally {
    await app.evaluate(({ dialog }) =>
      Object.assign(dialog, { showMessageBox: async () => ({ response: 0, checkboxChecked: false }) }),
    )
    await app.close()
  }
}

chooseElectron()
const work = await realpath(await mkdtemp(join(tmpdir(), 'spindle-pictures-')))
try {
  await mkdir(pictures, { recursive: true })
  for (const theme of ['light', 'dark'] as const) await everyScreen(theme, work)
} finally {
  await rm(work, { recursive: true, force: true, maxRetries: 5 })
}
