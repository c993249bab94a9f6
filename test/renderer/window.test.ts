// The whole window in a real browser, with a fake engine behind it.

import { readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import type { Browser, Page } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { openBrowser, openScene, settle } from './preview/browser.ts'
import { SCENES, choose } from './preview/scenes.ts'
import type { Scene } from './preview/scenes.ts'
import { startPreview } from './preview/server.ts'
import type { Preview } from './preview/server.ts'

const AXE = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8')
interface RunOnly {
  readonly type: 'tag' | 'rule'
  readonly values: readonly string[]
}

/** What is in the other theme differs by its colours alone. */
const THEMES: Readonly<Record<string, RunOnly>> = {
  light: { type: 'tag', values: ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice'] },
  dark: { type: 'rule', values: ['color-contrast'] },
}

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

/** Opens a scene, and closes it whatever comes of the rest. */
async function at(scene: Scene, check: (page: Page) => Promise<void>): Promise<void> {
  const complaints: string[] = []
  const page = await openScene(browser, preview, scene, 'light', complaints)
  try {
    await check(page)
    expect(complaints).toEqual([])
  } finally {
    await page.close()
  }
}

async function violations(page: Page, runOnly: RunOnly): Promise<readonly string[]> {
  // Playwright's own world is not bound by the page's policy.
  await page.evaluate(AXE)
  return page.evaluate(async (runOnly) => {
    const { axe } = window as unknown as { axe: { run(options: object): Promise<{ violations: Violation[] }> } }
    interface Violation {
      readonly id: string
      readonly nodes: readonly { readonly target: readonly string[]; readonly failureSummary: string }[]
    }
    // Menus and lists float above the landmarks, in the place they belong to.
    const { violations } = await axe.run({ runOnly, rules: { region: { enabled: false } } })
    return violations.flatMap(({ id, nodes }) =>
      nodes.map((node) => `${id}: ${node.target.join(' ')} ${node.failureSummary}`),
    )
  }, runOnly)
}

describe('nothing stands in anyone’s way, in either theme, on', () => {
  test.each(SCENES.map((scene) => [scene.name, scene] as const))('%s', async (_, scene) => {
    await at(scene, async (page) => {
      for (const [theme, rules] of Object.entries(THEMES)) {
        await page.evaluate((theme) => {
          document.documentElement.dataset['theme'] = theme
        }, theme)
        await settle(page)
        expect(await violations(page, rules), theme).toEqual([])
      }
    })
  })
})

describe('the keyboard', () => {
  const library: Scene = { name: 'library', query: 'volumes=40' }

  test('one Tab enters the table, the next leaves it; arrows, Home, End and letters move in it', async () => {
    await at(library, async (page) => {
      await page.getByRole('button', { name: 'Columns' }).focus()
      await page.keyboard.press('Tab')
      expect(await focused(page)).toBe('ad-dc01.qcow2')
      await page.keyboard.press('ArrowDown')
      await page.keyboard.press('End')
      expect(await focused(page)).toBe('zfs-lab-34.raw')
      await page.keyboard.press('Home')
      await page.keyboard.type('debian12-')
      expect(await focused(page)).toBe('debian12-2026-09.qcow2')
      await page.keyboard.press('Tab')
      expect(await focused(page)).toBeUndefined()
      await page.keyboard.press('Shift+Tab')
      expect(await focused(page)).toBe('debian12-2026-09.qcow2')
    })
  })

  test('reaches the headings from the first row and sorts by them', async () => {
    await at(library, async (page) => {
      await page.getByRole('gridcell', { name: 'ad-dc01.qcow2' }).click()
      await page.keyboard.press('ArrowUp')
      await page.keyboard.press('ArrowRight')
      await page.keyboard.press('ArrowRight')
      await page.keyboard.press('Enter')
      expect(await page.getByRole('columnheader', { name: 'Size' }).getAttribute('aria-sort')).toBe('descending')
      await page.keyboard.press('ArrowDown')
      await page.keyboard.press('Home')
      expect(await focused(page)).toBe('nfs-export.raw')
    })
  })

  test('opens and closes panels, and the focus is back in the row after a dialog', async () => {
    await at(library, async (page) => {
      await choose(page, 'debian12.qcow2')
      await page.keyboard.press('F9')
      await page.getByRole('navigation').waitFor({ state: 'detached' })
      await page.keyboard.press('Control+i')
      await page.getByRole('complementary', { name: 'Inspector' }).waitFor({ state: 'detached' })
      await page.keyboard.press('Control+e')
      await page.getByRole('dialog', { name: 'Convert debian12.qcow2' }).waitFor()
      await page.keyboard.press('Escape')
      await page.getByRole('dialog').waitFor({ state: 'detached' })
      expect(await focused(page)).toBe('debian12.qcow2')
    })
  })

  test('the selected row stays the focused one while it is scrolled out of sight', async () => {
    await at({ name: 'many', query: 'volumes=10000' }, async (page) => {
      await page.getByRole('gridcell', { name: 'ad-dc01.qcow2' }).click()
      await page.getByRole('grid').evaluate((grid) => grid.scrollTo(0, 100_000))
      await page.getByRole('gridcell', { name: 'ad-dc01.qcow2' }).waitFor({ state: 'attached' })
      await page.keyboard.press('ArrowDown')
      expect(await focused(page)).toBe('arch-22.qcow2')
    })
  })
})

describe('a dialog', () => {
  test('creates what the form says, and is gone', async () => {
    await at({ name: 'library', query: 'volumes=40' }, async (page) => {
      await page.keyboard.press('Control+n')
      await page.getByRole('textbox', { name: 'Name' }).fill('web9')
      await page.getByRole('radio', { name: /^Reserve metadata/ }).click()
      await page.keyboard.press('Control+a')
      await page.getByRole('button', { name: 'Create volume' }).click()
      await page.getByRole('dialog').waitFor({ state: 'detached' })
      expect(await started(page)).toEqual([
        {
          kind: 'create',
          folder: 'f1',
          name: 'web9.qcow2',
          format: 'qcow2',
          virtualSize: 20 * 1024 ** 3,
          options: { preallocation: 'metadata' },
        },
      ])
    })
  })

  test('offers a way out of a name that is taken, and never replaces a file unasked', async () => {
    await at({ name: 'library', query: 'volumes=40' }, async (page) => {
      await choose(page, 'build-cache.raw')
      await page.keyboard.press('Control+e')
      const dialog = page.getByRole('dialog')
      await dialog.getByRole('textbox', { name: /^Name of the new file/ }).fill('debian12')
      await dialog.getByText('A file of this name is there already.').first().waitFor()
      expect(await dialog.getByRole('button', { name: 'Convert volume' }).getAttribute('aria-disabled')).toBe('true')
      await dialog.getByRole('button', { name: 'Use debian12-2' }).click()
      expect(await dialog.getByRole('textbox', { name: /^Name of the new file/ }).inputValue()).toBe('debian12-2')
    })
  })

  test('converts several volumes at once and says what is wrong with each of the others', async () => {
    const several = SCENES.find((scene) => scene.name === 'convert-several')
    if (!several) throw new Error('The scene is gone.')
    await at(several, async (page) => {
      const dialog = page.getByRole('dialog', { name: 'Convert 2 volumes' })
      await dialog.getByText('letter.docx is no disk image Spindle can read.').waitFor()
      await dialog.getByRole('button', { name: 'Convert 2 volumes' }).click()
      await dialog.waitFor({ state: 'detached' })
      expect((await started(page)).map(({ name, verify }) => [name, verify])).toEqual([
        ['old.qcow2', true],
        ['haiku-with-a-name-that-goes-on-and-on.qcow2', true],
      ])
    })
  })
})

/** The volume whose row has the focus. */
async function focused(page: Page): Promise<string | null | undefined> {
  return page.evaluate(() => document.activeElement?.querySelector('[role="gridcell"] [title]')?.getAttribute('title'))
}

async function started(page: Page): Promise<readonly { readonly name: string; readonly verify?: boolean }[]> {
  return page.evaluate(() => (window as unknown as { fake: { started: [] } }).fake.started)
}
