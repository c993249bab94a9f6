// The system's Chromium, and a scene opened in it.

import { existsSync } from 'node:fs'
import { delimiter, join } from 'node:path'
import { chromium } from 'playwright-core'
import type { Browser, Page } from 'playwright-core'
import type { Scene } from './scenes.ts'
import type { Preview } from './server.ts'

const NAMES = ['chromium', 'chromium-browser', 'google-chrome']
const USUAL = { width: 1280, height: 800 }

export async function openBrowser(): Promise<Browser> {
  const folders = (process.env['PATH'] ?? '').split(delimiter)
  const executablePath = NAMES.flatMap((name) => folders.map((folder) => join(folder, name))).find(existsSync)
  if (executablePath === undefined) throw new Error(`None of ${NAMES.join(', ')} is installed.`)
  return chromium.launch({ executablePath, args: ['--no-sandbox', '--force-color-profile=srgb'] })
}

/** What the page complains of goes to `complaints`. */
export async function openScene(
  browser: Browser,
  preview: Preview,
  scene: Scene,
  theme: 'light' | 'dark',
  complaints: string[] = [],
): Promise<Page> {
  const page = await browser.newPage({ viewport: scene.size ?? USUAL })
  page.on('console', (message) => {
    if (message.type() === 'error' || message.type() === 'warning') complaints.push(message.text())
  })
  page.on('pageerror', (error) => complaints.push(error.message))
  await page.goto(`${preview.address}?theme=${theme}&${scene.query}`)
  await page.getByRole('button', { name: 'New volume' }).first().waitFor()
  await page.evaluate(() => document.fonts.ready)
  await scene.act?.(page)
  await settle(page)
  return page
}

/** What fades is there or gone; what was asked for is drawn. */
export async function settle(page: Page): Promise<void> {
  await page.evaluate(async () => {
    await Promise.all(document.getAnimations().map((animation) => animation.finished))
    await new Promise((resolve) => requestAnimationFrame(() => requestAnimationFrame(resolve)))
  })
}
