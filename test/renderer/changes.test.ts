// What changes a volume where it is: walked by keyboard in the whole window, with a fake engine behind it.

import type { Browser, Locator, Page } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { GiB } from '../../core/model/index.ts'
import type { JobRequest } from '../../electron/contract/data.ts'
import { openBrowser, openScene } from './preview/browser.ts'
import { choose, goBack } from './preview/scenes.ts'
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

function rows(page: Page): Locator {
  return page.getByRole('grid', { name: 'Snapshots' }).locator('[data-kind="snapshot"]')
}

describe('snapshots', () => {
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
      await page.keyboard.type('First boot')
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
      await goBack(page)
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
      expect(await started(page)).toMatchObject([{ action: { kind: 'rename', id: '4', name: 'nginx 1.26' } }])
    })
  })
})

async function resize(page: Page): Promise<Locator> {
  await page.getByRole('complementary', { name: 'Inspector' }).getByRole('button', { name: 'Resize' }).click()
  const dialog = page.getByRole('dialog', { name: /^Resize/ })
  await dialog.getByText(/Safe minimum \d/).waitFor()
  return dialog
}

describe('the size', () => {
  test('a larger one is a word and Enter away', async () => {
    await withVolume('debian12.qcow2', async (page) => {
      const dialog = await resize(page)
      expect(await dialog.getByText('This is the size it has.').isVisible()).toBe(true)
      await dialog.getByRole('button', { name: '+20 GiB' }).click()
      await dialog.getByRole('combobox', { name: /^Room for it/ }).click()
      await page.getByRole('option', { name: 'Reserve metadata' }).click()
      await dialog.getByRole('button', { name: 'Grow to 60 GiB' }).and(page.locator(':enabled')).waitFor()
      await page.waitForFunction(
        () => document.querySelector('[role="dialog"]')?.textContent.includes('Looking') === false,
      )
      await dialog.getByRole('textbox', { name: 'New size' }).press('Enter')
      await gone(page)
      expect(await started(page)).toEqual([
        {
          kind: 'resize',
          volume: 'v5',
          format: 'qcow2',
          virtualSize: 60 * GiB,
          shrink: false,
          preallocation: 'metadata',
          moveGpt: true,
        },
      ])
    })
  })

  test('data is cut off only once the name was typed', async () => {
    await withVolume('debian12.qcow2', async (page) => {
      const dialog = await resize(page)
      await dialog.getByRole('textbox', { name: 'New size' }).fill('16G')
      await dialog.getByText('This cuts off 3.48 GiB of what the disk holds.', { exact: false }).waitFor()
      await dialog.getByText('Type the name to go on.').waitFor()
      await page.keyboard.press('Enter')
      expect(await started(page)).toEqual([])
      await dialog.getByRole('textbox', { name: /^Type/ }).fill('debian12.qcow2')
      await dialog.getByRole('button', { name: 'Shrink and lose 3.48 GiB' }).click()
      await gone(page)
      expect(await started(page)).toMatchObject([{ virtualSize: 16 * GiB, shrink: true, keepUndo: true }])
    })
  })

  test('the handle moves by keys; the safe minimum cuts nothing off', async () => {
    await withVolume('debian12.qcow2', async (page) => {
      const dialog = await resize(page)
      await dialog.getByRole('slider', { name: 'New size' }).press('ArrowRight')
      expect(await dialog.getByRole('textbox', { name: 'New size' }).inputValue()).toBe('40.5 GiB')
      await dialog.getByRole('button', { name: 'Safe minimum' }).click()
      await dialog.getByText('Nothing the disk holds lies beyond the new end.', { exact: false }).waitFor()
    })
  })
})

describe('a check', () => {
  test('tells what is wrong, worst first, and what can be done about it; a repair can be undone', async () => {
    await withVolume('pg17-trial.qcow2', async (page) => {
      await page.keyboard.press('Alt+5')
      await page.getByRole('tabpanel').getByRole('button', { name: 'Check' }).click()
      await page.getByText('1 error, 312 MiB of leaks').waitFor()
      const groups = page.getByRole('tabpanel').locator('section')
      expect(await groups.locator('h3').allTextContents()).toEqual(['Errors', 'Leaks', 'Notes'])
      await page.getByRole('button', { name: 'Repair 1 error' }).click()
      await page.getByRole('dialog').getByRole('button', { name: 'Repair everything' }).click()
      await page.getByText('Everything is in order').waitFor()
      expect(await started(page)).toMatchObject([
        { kind: 'check', volume: 'v12', format: 'qcow2' },
        { kind: 'repair', volume: 'v12', mode: 'all', keepUndo: true },
      ])
      await page.getByRole('tabpanel').getByRole('button', { name: 'Undo last change' }).click()
      await page.getByText('Not checked yet.', { exact: false }).waitFor()
    })
  })

  test('of several volumes shows in the library, and what needs attention is counted', async () => {
    await withVolume('mail-relay.qcow2', async (page) => {
      await page.keyboard.press('Control+a')
      await page.getByRole('complementary', { name: 'Inspector' }).getByRole('button', { name: 'Check' }).click()
      await page
        .getByRole('row', { name: /pg17-trial/ })
        .getByText('Damaged')
        .waitFor()
      await page
        .getByRole('row', { name: /mail-relay/ })
        .getByText('OK')
        .waitFor()
      expect(await page.getByRole('button', { name: /^Needs attention/ }).textContent()).toBe('Needs attention5')
      expect(await started(page)).toHaveLength(40)
    })
  })
})

async function fromMenu(page: Page, name: string, command: string): Promise<void> {
  await page.getByRole('gridcell', { name, exact: true }).click({ button: 'right' })
  await page.getByRole('menuitem', { name: command }).click()
}

describe('a chain', () => {
  test('is not merged down while others read through its base: they are named', async () => {
    await withVolume('debian12.qcow2', async (page) => {
      await fromMenu(page, 'debian12.qcow2', 'Merge down')
      const question = page.getByRole('alertdialog')
      await question.getByText('/home/sam/VMs/ci-runner-01.qcow2').waitFor()
      await question.getByText('Before nginx 1.27').waitFor()
      expect(await question.getByRole('button', { name: 'Merge down' }).getAttribute('aria-disabled')).toBe('true')
      await page.keyboard.press('Escape')
      await gone(page)
      await fromMenu(page, 'ci-runner-01.qcow2', 'Merge down')
      await question.getByRole('button', { name: 'Merge down' }).and(page.locator(':not([aria-disabled])')).click()
      await gone(page)
      expect(await started(page)).toEqual([
        { kind: 'commit', volume: 'v3', format: 'qcow2', depth: 1, keepTop: false, allowOthers: false },
      ])
    })
  })

  test('is flattened into one file', async () => {
    await withVolume('ci-runner-01.qcow2', async (page) => {
      await fromMenu(page, 'ci-runner-01.qcow2', 'Flatten')
      const dialog = page.getByRole('dialog')
      await dialog.getByText('about 4.9 GiB').waitFor()
      await dialog.getByRole('button', { name: 'Flatten' }).click()
      await gone(page)
      expect(await started(page)).toEqual([{ kind: 'rebase', volume: 'v3', format: 'qcow2', nameOnly: false }])
    })
  })

  test('whose base is gone is put right by its name alone', async () => {
    await withVolume('web1-staging.qcow2', async (page) => {
      await fromMenu(page, 'web1-staging.qcow2', 'Change base')
      const dialog = page.getByRole('dialog')
      expect(await dialog.getByRole('radio', { name: /^Keep the disk/ }).getAttribute('aria-disabled')).toBe('true')
      await page.keyboard.type('genericcloud')
      await page.keyboard.press('Enter')
      await dialog.getByRole('button', { name: 'Change base' }).and(page.locator(':not([aria-disabled])')).click()
      await gone(page)
      expect(await started(page)).toMatchObject([{ kind: 'rebase', backing: 'v4', nameOnly: true, keepUndo: true }])
    })
  })
})

test('two selected volumes are compared, and the answer stays in sight', async () => {
  await withVolume('freebsd-14.1.raw', async (page) => {
    await page.keyboard.press('Shift+ArrowDown')
    await page.getByRole('complementary', { name: 'Inspector' }).getByRole('button', { name: 'More' }).click()
    await page.getByRole('menuitem', { name: 'Compare' }).click()
    const dialog = page.getByRole('dialog')
    await dialog.getByRole('button', { name: 'Compare' }).click()
    await dialog.getByText('The first difference is at 6.94 GiB of the disk, offset 0x1BBF40000.').waitFor()
    await dialog.getByRole('button', { name: 'Close' }).last().click()
    await gone(page)
    expect(await started(page)).toMatchObject([
      { kind: 'compare', leftFormat: 'raw', rightFormat: 'raw', strict: false },
    ])
  })
})

test('a snapshot is compared with the disk as it is now, and one can choose another', async () => {
  await withVolume('debian12.qcow2', async (page) => {
    await page.keyboard.press('Alt+Digit3')
    const rail = page.getByRole('grid', { name: 'Snapshots' })
    await rail.getByText('First boot, configured').first().click({ button: 'right' })
    await page.getByRole('menuitem', { name: 'Compare' }).click()
    const dialog = page.getByRole('dialog', { name: 'Compare' })
    await dialog.getByRole('button', { name: 'Compare' }).click()
    await dialog.getByText(/ in 1,200 ranges$/).waitFor()
    await dialog.getByText(/^The first 1,000 of 1,200 ranges are listed/).waitFor()
    await dialog.getByRole('region', { name: 'After' }).getByRole('combobox').click()
    await page.getByRole('option', { name: /^Kernel 6.12 trial/ }).click()
    await dialog.getByText(/ in 1,200 ranges$/).waitFor({ state: 'detached' })
    await dialog.getByRole('button', { name: 'Compare' }).click()
    await dialog.getByText(/ in 1,200 ranges$/).waitFor()
    const jobs = await started(page)
    expect(jobs).toMatchObject([
      { kind: 'compare', leftSnapshot: '1', ranges: true },
      { kind: 'compare', leftSnapshot: '1', rightSnapshot: '2', ranges: true },
    ])
    expect(jobs[0]).not.toHaveProperty('rightSnapshot')
  })
})

test('a change that was cut off is shown with its way out', async () => {
  await withVolume('debian12.qcow2', async (page) => {
    await page.getByRole('gridcell', { name: 'router-openwrt.raw' }).click()
    await page.getByText('A change was cut off in the middle.').waitFor()
    await page.getByRole('button', { name: 'Put it back' }).click()
    await page.getByText('A change was cut off in the middle.').waitFor({ state: 'detached' })
    expect(
      await page
        .getByRole('row', { name: /router-openwrt/ })
        .getByText('Damaged')
        .count(),
    ).toBe(0)
  })
})

test('a few letters find a command; one that cannot be done says why and does nothing', async () => {
  await withVolume('build-cache.raw', async (page) => {
    await page.keyboard.press('Control+k')
    const palette = page.getByRole('dialog', { name: 'Commands' })
    await palette.getByRole('combobox').fill('snap')
    await palette.getByRole('option').filter({ hasText: 'This format has no snapshots' }).first().waitFor()
    await page.keyboard.press('Enter')
    expect(await palette.isVisible()).toBe(true)
    await palette.getByRole('combobox').fill('res')
    await page.keyboard.press('Enter')
    await page.getByRole('dialog', { name: 'Resize build-cache.raw' }).waitFor()
  })
})

test('what was changed for good no longer offers to be taken back', async () => {
  await withVolume('debian12.qcow2', async (page) => {
    await page.keyboard.press('Enter')
    await rows(page).first().click()
    await page.keyboard.press('Delete')
    const question = page.getByRole('alertdialog')
    await question.getByRole('checkbox', { name: 'Keep an undo file' }).click()
    await question.getByRole('button', { name: 'Delete snapshot' }).click()
    await gone(page)
    await page.getByRole('tabpanel').getByRole('button', { name: 'Keep it' }).click()
    await page.getByRole('button', { name: 'Undo last change' }).waitFor({ state: 'detached' })
    expect(await started(page)).toMatchObject([{ action: { kind: 'remove', id: '4' }, keepUndo: true }])
  })
})
