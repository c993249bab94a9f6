// Encrypted volumes from the window: made, unlocked, opened to others, converted; QEMU has the passphrases in files.

import { spawnSync } from 'node:child_process'
import { readFile, readdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { Page } from '@playwright/test'
import { MiB } from '../../core/model/units.ts'
import { newestOracle } from '../helpers/oracles.ts'
import { spindleHere } from '../helpers/spindle.ts'
import { dropOnZone, volumeRow } from './actions.ts'
import { expect, test } from './fixtures.ts'

const { qemuIo } = newestOracle()
const FIRST = 'seven wet umbrellas sing'
const SECOND = 'a lake above the stairs'

/** The end of QEMU's words for the image, and its exit status. */
async function qemu(folder: string, passphrase: string, ...words: readonly string[]): Promise<number | null> {
  const secret = join(folder, 'secret')
  await writeFile(secret, passphrase)
  return spawnSync(qemuIo, ['--object', `secret,id=s,file=${secret}`, ...words], { encoding: 'utf8' }).status
}

async function opens(image: string, folder: string, passphrase: string): Promise<boolean> {
  const described = `driver=qcow2,encrypt.key-secret=s,file.filename=${image}`
  return (await qemu(folder, passphrase, '--image-opts', described, '-c', 'read 0 4k')) === 0
}

async function createEncrypted(page: Page): Promise<string> {
  await page.getByRole('button', { name: 'New volume' }).first().click()
  const dialog = page.getByRole('dialog', { name: 'Create volume' })
  await dialog.getByRole('textbox', { name: 'Name', exact: true }).fill('vault')
  await dialog.getByRole('textbox', { name: 'Size' }).fill('2M')
  await dialog.getByRole('checkbox', { name: 'Encrypt with a passphrase' }).click()
  await dialog.getByLabel('New passphrase').fill(FIRST)
  await expect(dialog.getByText('Good', { exact: true })).toBeVisible()
  await dialog.getByLabel('The same again').fill('something else')
  await expect(dialog.getByText('The two are not the same.').first()).toBeVisible()
  await dialog.getByLabel('The same again').fill(FIRST)
  await dialog.getByRole('checkbox', { name: 'Make a recovery key as well' }).click()
  const key = (await dialog.getByText(/^(\w{5}-){5}\w{5}$/).textContent()) ?? ''
  await expect(dialog.getByRole('button', { name: 'Create volume' })).toBeDisabled()
  await dialog.getByRole('checkbox', { name: /^I have written it down/ }).click()
  await dialog.getByRole('button', { name: 'Create volume' }).click()
  // Each of the two passphrases takes its seconds.
  await expect(volumeRow(page, 'vault.qcow2')).toBeVisible({ timeout: 60_000 })
  return key
}

async function unlock(page: Page, passphrase: string): Promise<void> {
  const dialog = page.getByRole('dialog', { name: 'Unlock vault.qcow2' })
  await dialog.getByLabel('Passphrase', { exact: true }).fill(passphrase)
  await dialog.getByRole('button', { name: 'Unlock', exact: true }).click()
}

/** With a passphrase that is tried at once: two seconds are for people. */
async function quickImage(folder: string): Promise<string> {
  await writeFile(join(folder, 'secret'), FIRST)
  const path = join(folder, 'vault.qcow2')
  const options = 'encrypt.format=luks,encrypt.key-secret=s,encrypt.iter-time=1'
  const secret = ['--object', `secret,id=s,file=${join(folder, 'secret')}`]
  expect((await spindleHere('create', ...secret, '-f', 'qcow2', '-o', options, path, '2M')).code).toBe(0)
  return path
}

test('an encrypted volume is made with a recovery key', async ({ page, folder }) => {
  await writeFile(join(folder, 'old.raw'), Buffer.alloc(MiB))
  await dropOnZone(page, [folder], 'add')
  await expect(volumeRow(page, 'old.raw')).toBeVisible()
  const recoveryKey = await createEncrypted(page)
  const vault = join(folder, 'vault.qcow2')
  expect(await opens(vault, folder, FIRST)).toBe(true)
  expect(await opens(vault, folder, recoveryKey)).toBe(true)
  expect(await opens(vault, folder, SECOND)).toBe(false)
})

test('an encrypted volume is unlocked, given another passphrase, and converted to a plain one', async ({
  page,
  folder,
  home,
}) => {
  const vault = await quickImage(folder)
  await writeFile(join(folder, 'old.raw'), Buffer.alloc(MiB))
  await dropOnZone(page, [folder], 'add')
  await expect(volumeRow(page, 'old.raw')).toBeVisible()

  await volumeRow(page, 'vault.qcow2').click()
  await page.getByRole('button', { name: 'Unlock…' }).click()
  await unlock(page, SECOND)
  await expect(page.getByText('Wrong passphrase.')).toBeVisible()
  await unlock(page, FIRST)
  await expect(page.getByRole('dialog')).toHaveCount(0)
  await expect(page.getByRole('button', { name: 'Unlock…' })).toHaveCount(0)

  // Turned away from and back, it is locked: it was not to be remembered.
  await volumeRow(page, 'old.raw').click()
  await volumeRow(page, 'vault.qcow2').click()
  await expect(page.getByRole('button', { name: 'Unlock…' })).toBeVisible()

  await page.keyboard.press('Enter')
  await page.getByRole('tab', { name: 'Passphrases' }).click()
  await expect(page.getByRole('row', { name: /Slot 0 In use/ })).toBeVisible()
  await page.getByRole('button', { name: 'Change passphrase…' }).click()
  const change = page.getByRole('dialog', { name: 'Change the passphrase of vault.qcow2' })
  await change.getByLabel('The passphrase to change').fill(FIRST)
  await change.getByLabel('New passphrase').fill(SECOND)
  await change.getByLabel('The same again').fill(SECOND)
  await change.getByRole('button', { name: 'Change passphrase' }).click()
  await expect(page.getByRole('dialog')).toHaveCount(0)
  await expect(page.getByRole('row', { name: /Slot 1 In use/ })).toBeVisible()
  expect(await opens(vault, folder, FIRST)).toBe(false)
  expect(await opens(vault, folder, SECOND)).toBe(true)

  await page.keyboard.press('Control+e')
  await unlock(page, SECOND)
  const convert = page.getByRole('dialog', { name: /^Convert/ })
  await expect(convert.getByText(/ncryption is removed/)).toBeVisible()
  await convert.getByRole('combobox', { name: 'Format' }).click()
  await page.getByRole('option', { name: 'Raw' }).click()
  await convert.getByRole('button', { name: 'Convert volume' }).click()
  await expect.poll(() => readdir(folder)).toContain('vault.raw')
  expect(await opens(vault, folder, SECOND)).toBe(true)
  const blank = Buffer.alloc(2 * MiB)
  expect((await readFile(join(folder, 'vault.raw'))).equals(blank)).toBe(true)

  // Nothing that is kept holds a passphrase.
  for (const file of await readdir(home, { recursive: true, withFileTypes: true })) {
    if (!file.isFile() || file.parentPath.includes('Cache')) continue
    const content = await readFile(join(file.parentPath, file.name)).catch(() => Buffer.alloc(0))
    for (const secret of [FIRST, SECOND]) expect(content.includes(secret), file.name).toBe(false)
  }
})
