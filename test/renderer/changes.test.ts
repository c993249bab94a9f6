// What changes a volume where it is: walked by keyboard in the whole window, with a fake engine behind it.

import type { Browser, Page } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { JobRequest } from '../../electron/contract/data.ts'
import { openBrowser, openScene } from './preview/browser.ts'
import { choose } from './preview/scenes.ts'
import { startPreview } from './preview/server.ts'
import type { Preview } from './preview/server.ts'

let preview: Preview
let browser: Browser

beforeAll(async () => {
  preview = await startPreview()
  browser = await openBrowser()
})
afterAll(async () => {
  await browser.close()
  await preview[Symbol.asyncDispose]()
})

/** In a library of forty volumes with this one chosen. */
async function withVolume(name: string, check: (page: Page) => Promise<void>): Promise<void> {
  const complaints: string[] = []
  const page = await openScene(browser, preview, { name, query: 'volumes=40' }, 'light', complaints)
  try {
    await choose(page, name)
    await check(page)
    expect(complaints).toEqual([])
  } finally {
    await page.close()
  }
}

async function started(page: Page): Promise<readonly JobRequest[]> {
  return page.evaluate(() => (window as unknown as { fake: { started: [] } }).fake.started)
}

async function gone(page: Page): Promise<void> {
  await page.getByRole('dialog').or(page.getByRole('alertdialog')).waitFor({ state: 'detached' })
}

describe('snapshots', () => {
  const rows = (page: Page) => page.getByRole('grid', { name: 'Snapshots' }).locator('[data-row]')

  test('Enter opens the volume, Alt+Left leads back to its row', async () => {
    await withVolume('debian12.qcow2', async (page) => {
      await page.keyboard.press('Enter')
      await page.getByRole('tab', { name: /^Snapshots/, selected: true }).waitFor()
      await rows(page).first().waitFor()
      expect(await rows(page).allTextContents()).toEqual([
        expect.stringMatching(/^Before nginx 1.27/),
        expect.stringMatching(/^After security updates/),
        expect.stringMatching(/^Kernel 6.12 trial/),
        expect.stringMatching(/^First boot, configured/),
      ])
      await page.keyboard.press('Alt+ArrowLeft')
      await page.getByRole('grid', { name: 'Volumes' }).waitFor()
      await page.waitForFunction(() => document.activeElement?.textContent.startsWith('debian12') === true)
    })
  })

  test('one is taken under the name that is proposed or typed, but not under one that is taken', async () => {
    await withVolume('debian12.qcow2', async (page) => {
      await page.keyboard.press('Control+Shift+s')
      const name = page.getByRole('dialog').getByRole('textbox', { name: 'Name' })
      expect(await name.inputValue()).toMatch(/\d{4}/)
      await page.keyboard.type('Before nginx 1.27')
      await page.getByText('Another snapshot has this name.').waitFor()
      await page.keyboard.press('Enter')
      expect(await started(page)).toEqual([])
      await name.fill('before upgrade')
      await page.keyboard.press('Enter')
      await gone(page)
      expect(await started(page)).toEqual([
        { kind: 'snapshot', volume: 'v5', format: 'qcow2', action: { kind: 'create', name: 'before upgrade' } },
      ])
    })
  })

  test('several are deleted at once, and the question begins at the way out', async () => {
    await withVolume('debian12.qcow2', async (page) => {
      await page.keyboard.press('Enter')
      await rows(page).first().focus()
      await page.keyboard.press('End')
      await page.keyboard.press('Shift+ArrowUp')
      await page.keyboard.press('Delete')
      const question = page.getByRole('alertdialog', { name: 'Delete 2 snapshots?' })
      await question.waitFor()
      await page.waitForFunction(() => document.activeElement?.textContent === 'Cancel')
      await page.keyboard.press('Escape')
      await gone(page)
      await page.keyboard.press('Delete')
      await question.getByRole('button', { name: 'Delete 2 snapshots' }).click()
      await gone(page)
      await rows(page).nth(2).waitFor({ state: 'detached' })
      expect((await started(page)).map((one) => one.kind === 'snapshot' && one.action)).toEqual([
        { kind: 'remove', id: '2' },
        { kind: 'remove', id: '1' },
      ])
    })
  })

  test('going back keeps the state of now unless that is given up, and can be undone', async () => {
    await withVolume('debian12.qcow2', async (page) => {
      await page.keyboard.press('Enter')
      await rows(page).first().click()
      await page.getByRole('button', { name: 'Go back' }).click()
      const question = page.getByRole('alertdialog', { name: 'Go back to “Before nginx 1.27”?' })
      await question.getByRole('button', { name: 'Go back' }).click()
      await gone(page)
      expect(await started(page)).toMatchObject([
        { action: { kind: 'create', name: 'Before going back to Before nginx 1.27' } },
        { action: { kind: 'apply', id: '4' }, keepUndo: true },
      ])
      await page.getByRole('button', { name: 'Undo last change' }).click()
      await page.getByRole('button', { name: 'Undo last change' }).waitFor({ state: 'detached' })
    })
  })

  test('F2 renames', async () => {
    await withVolume('debian12.qcow2', async (page) => {
      await page.keyboard.press('Enter')
      await rows(page).first().click()
      await page.keyboard.press('F2')
      await page.keyboard.type('nginx 1.26')
      await page.keyboard.press('Enter')
      await gone(page)
      await page.getByRole('row', { name: /^nginx 1.26/ }).waitFor()
    })
  })
})
