// What people do in the window, said once.

import { expect } from '@playwright/test'
import type { Locator, Page } from '@playwright/test'

/** Drops files or folders from outside on one of the two zones that the window splits into. */
export async function dropOnZone(page: Page, paths: readonly string[], zone: 'add' | 'convert'): Promise<void> {
  await expect(page.getByRole('button', { name: 'New volume' }).first()).toBeVisible()
  const session = await page.context().newCDPSession(page)
  const { width, height } =
    page.viewportSize() ?? (await page.evaluate(() => ({ width: innerWidth, height: innerHeight })))
  const at = { x: width * (zone === 'add' ? 0.25 : 0.75), y: height / 2 }
  const data = { items: [], files: [...paths], dragOperationsMask: 1 }
  await session.send('Input.dispatchDragEvent', { type: 'dragEnter', ...at, data })
  await session.send('Input.dispatchDragEvent', { type: 'dragOver', ...at, data })
  await expect(page.getByText('Release to drop,')).toBeVisible()
  await session.send('Input.dispatchDragEvent', { type: 'dragOver', ...at, data })
  await session.send('Input.dispatchDragEvent', { type: 'drop', ...at, data })
  await session.detach()
}

/** The library's row of a volume, once it is there. */
export function volumeRow(page: Page, name: string): Locator {
  return page
    .getByRole('grid', { name: 'Volumes' })
    .getByRole('row')
    .filter({ has: page.getByRole('gridcell', { name, exact: true }) })
}

/** Opens the job tray, if it is not open yet. */
export async function openJobs(page: Page): Promise<Locator> {
  // Shortcuts are the dialog's own while one is open.
  await expect(page.getByRole('dialog')).toHaveCount(0)
  const tray = page.getByRole('region', { name: 'Jobs', exact: true })
  if (!(await tray.isVisible())) await page.keyboard.press('Control+j')
  await expect(tray).toBeVisible()
  return tray
}
