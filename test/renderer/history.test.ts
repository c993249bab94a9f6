// The history of a volume: where its states stand on the rail, what would come of an action, and walking along it.

import type { Browser, Page } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { HistoryNode } from '../../core/model/index.ts'
import { railOf } from '../../renderer/features/snapshots/lanes.ts'
import { mapOf } from '../../renderer/features/snapshots/map-layout.ts'
import { outcomeOf } from '../../renderer/features/snapshots/outcome.ts'
import { openBrowser, openScene } from './preview/browser.ts'
import { startPreview } from './preview/server.ts'
import type { Preview } from './preview/server.ts'

/** Written `name<what it was made from`, newest first; `*` is the current state, a number at the end a snapshot. */
function nodes(...words: readonly string[]): readonly HistoryNode[] {
  return words.map((word) => {
    const [id = '', parent] = word.replace('*', '').split('<')
    const snapshot = /\d$/.test(id)
    const path = snapshot ? id.slice(0, -1) : id
    const kind = word.includes('*') ? 'current' : snapshot ? 'snapshot' : 'layer'
    return { id, kind, path, name: id, parents: parent === undefined ? [] : [parent], tags: [] }
  })
}

/** The name in the row that has the focus. */
function focused(page: Page): Promise<string> {
  return page.evaluate(() => document.activeElement?.querySelector('[role="gridcell"]')?.textContent ?? '')
}

describe('the rail', () => {
  test('the way to the current state keeps the first lane, and branches stand beside it', () => {
    const { lanes, laneCount, bands } = railOf(
      nodes('disk*<disk3', 'disk3<disk1', 'disk2<disk1', 'disk1<base', 'other<base', 'base'),
    )
    expect(lanes).toEqual([0, 0, 1, 0, 1, 0])
    expect(laneCount).toBe(2)
    expect(bands).toEqual([{ path: 'disk', first: 0, last: 3, leftLane: 0, rightLane: 1 }])
  })

  test('no line runs through a state it has nothing to do with', () => {
    const history = nodes('a<c', 'b<d', '*x<e', 'c<e', 'd<e', 'y<e', 'e')
    const { lanes, edges } = railOf(history)
    for (const { from, to, fromLane } of edges) {
      const between = lanes.slice(from + 1, to)
      expect(between).not.toContain(fromLane)
    }
  })
})

describe('what would come of it', () => {
  const history = nodes('top*<middle', 'middle<base2', 'base<base2', 'base2<base1', 'base1')
  const chosen = (id: string) => history.filter((node) => node.id === id)

  test('what lies on a file that goes lies on what is below', () => {
    const { gone, links } = outcomeOf(history, { action: 'remove', nodes: chosen('middle') }, 'new')
    expect([...gone]).toEqual(['middle'])
    expect(links).toEqual([{ from: 'top', to: 'base2' }])
  })

  test('of several snapshots that go, what came of them hangs on the one before', () => {
    const nodesOfFile = nodes('d*<d3', 'd3<d2', 'd2<d1', 'd1')
    const two = nodesOfFile.filter(({ id }) => id === 'd2' || id === 'd3')
    expect(outcomeOf(nodesOfFile, { action: 'remove', nodes: two }, 'new').links).toEqual([{ from: 'd', to: 'd1' }])
  })

  test('a new snapshot stands between now and what it was made from', () => {
    const after = outcomeOf(history, { action: 'take', nodes: chosen('top') }, 'new').nodes
    expect(after.slice(0, 2)).toMatchObject([
      { id: 'top', parents: ['fresh'] },
      { id: 'fresh', kind: 'snapshot', parents: ['middle'] },
    ])
  })

  test('the map has a box for each file, to the right of what it lies on', () => {
    const { boxes } = mapOf(history)
    const at = new Map(boxes.map((box) => [box.path, box]))
    expect(boxes).toHaveLength(3)
    expect(at.get('base')?.snapshots.map(({ id }) => id)).toEqual(['base2', 'base1'])
    expect(at.get('middle')?.x).toBeGreaterThan(at.get('base')?.x ?? Infinity)
    expect(at.get('top')?.x).toBeGreaterThan(at.get('middle')?.x ?? Infinity)
  })
})

describe('in the window', () => {
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

  async function withHistory(check: (page: Page) => Promise<void>, query = 'volumes=40'): Promise<void> {
    const complaints: string[] = []
    const page = await openScene(browser, preview, { name: 'history', query }, 'light', complaints)
    try {
      await page.getByRole('gridcell', { name: 'debian12.qcow2', exact: true }).dblclick()
      await page.getByRole('grid', { name: 'Snapshots' }).getByRole('row').nth(1).click()
      await check(page)
      expect(complaints).toEqual([])
    } finally {
      await page.close()
    }
  }

  test('Left leads to what a state was made from, Right to what was made from it; M shows the same as a map', async () => {
    await withHistory(async (page) => {
      for (const name of ['Before nginx', 'After security', 'First boot', 'debian12-2026-09', 'debian-12-generic']) {
        await page.keyboard.press('ArrowLeft')
        expect(await focused(page)).toContain(name)
      }
      await page.keyboard.press('ArrowRight')
      await page.keyboard.press('m')
      const map = page.getByRole('listbox', { name: 'Snapshots' })
      await map.waitFor()
      const selected = page.getByRole('option', { selected: true })
      const before = await selected.textContent()
      await page.waitForFunction(() => document.activeElement?.getAttribute('role') === 'option')
      await page.keyboard.press('ArrowLeft')
      expect(await selected.textContent()).not.toBe(before)
      await page.keyboard.press('m')
      await page.getByRole('grid', { name: 'Snapshots' }).waitFor()
      expect(await page.locator('[data-row][data-selected]').count()).toBe(1)
    })
  })

  test('a file in the middle is taken out only after it was shown what comes of it', async () => {
    await withHistory(async (page) => {
      await page.getByRole('row', { name: /^debian12-2026-09/ }).click()
      await page.keyboard.press('Delete')
      const outcome = page.getByRole('complementary', { name: 'Outcome' })
      await outcome.getByText('at most 3.1 GiB').waitFor()
      await page.waitForFunction(() => document.activeElement?.textContent === 'Cancel')
      await outcome.getByRole('button', { name: 'Move to the trash' }).click()
      await outcome.waitFor({ state: 'detached' })
      const started = await page.evaluate(() => (window as unknown as { fake: { started: [] } }).fake.started)
      expect(started).toMatchObject([{ kind: 'bypass', format: 'qcow2', trash: true }])
    })
  })

  test('of a thousand states only those in sight are drawn', async () => {
    await withHistory(async (page) => {
      await page.keyboard.press('End')
      await page.waitForFunction(() => document.activeElement?.textContent.includes('long-name-1.qcow2') === true)
      expect(await page.locator('[data-row]').count()).toBeLessThan(120)
      expect(await page.getByRole('grid', { name: 'Snapshots' }).getAttribute('aria-rowcount')).toBe('1001')
    }, 'volumes=40&history=1000')
  })
})
