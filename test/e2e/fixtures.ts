// One application a test, on a home of its own; files are dropped and dialogs answered from outside the page.

import { mkdir, mkdtemp, realpath, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { _electron, expect, test as base, type ElectronApplication, type Page } from '@playwright/test'
import type { MessageBoxReturnValue, OpenDialogReturnValue } from 'electron'

export const root = fileURLToPath(new URL('../../', import.meta.url))

interface Answers {
  readonly showOpenDialog: OpenDialogReturnValue
  readonly showMessageBox: MessageBoxReturnValue
}

interface LaunchOptions {
  /** Given after the application, as the desktop gives the files to open. */
  readonly args?: readonly string[]
  /** On top of the test's own. */
  readonly environment?: Readonly<Record<string, string>>
}

interface Fixtures {
  /** A folder of the test's own for disk images and the like. */
  readonly folder: string
  /** HOME of the application; its settings live in there. */
  readonly home: string
  /** What the application is started in: everything it keeps for its user goes into `home`. */
  readonly environment: Readonly<Record<string, string>>
  /** Starts the application, again if need be; it is closed when the test ends. */
  readonly launch: (options?: LaunchOptions) => Promise<ElectronApplication>
  readonly app: ElectronApplication
  readonly page: Page
  /** Drops files and folders, by absolute path, on the middle of an element, or of the window. */
  readonly drop: (paths: readonly string[], selector?: string) => Promise<void>
  /** What the system's next dialogs of a kind will say. */
  readonly answer: <Kind extends keyof Answers>(kind: Kind, value: Answers[Kind]) => Promise<void>
  /** Shows the window in a theme, whatever the desktop's is. */
  readonly theme: (theme: 'light' | 'dark') => Promise<void>
}

/** The application stands there ready to be used. */
async function openedWindow(app: ElectronApplication): Promise<Page> {
  const page = await app.firstWindow()
  // A window is blank before its first page, so no load state can be relied on.
  await page.waitForFunction(() => 'spindle' in window && document.readyState === 'complete')
  return page
}

/** Ends it for good, also with jobs under way. */
async function quit(app: ElectronApplication): Promise<void> {
  await answerDialog(app, 'showMessageBox', { response: 0, checkboxChecked: false })
  await app.close()
}

async function answerDialog<Kind extends keyof Answers>(
  app: ElectronApplication,
  kind: Kind,
  value: Answers[Kind],
): Promise<void> {
  await app.evaluate(({ dialog }, [kind, value]) => Object.assign(dialog, { [kind]: async () => value }), [
    kind,
    value,
  ] as const)
}

// Playwright reads what a fixture needs from this pattern, also when that is nothing.
/* oxlint-disable eslint/no-empty-pattern */
export const test = base.extend<Fixtures>({
  folder: async ({}, provide) => {
    const folder = await realpath(await mkdtemp(join(tmpdir(), 'spindle-e2e-')))
    await provide(folder)
    await rm(folder, { recursive: true, force: true, maxRetries: 5 })
  },
  home: async ({}, provide) => {
    const home = await realpath(await mkdtemp(join(tmpdir(), 'spindle-home-')))
    await provide(home)
    await rm(home, { recursive: true, force: true, maxRetries: 5 })
  },
  environment: async ({ home }, provide) => {
    const inherited = Object.entries(process.env).filter(
      (entry): entry is [string, string] => entry[1] !== undefined && !entry[0].startsWith('XDG_'),
    )
    const runtimeFolder = join(home, 'runtime')
    await mkdir(runtimeFolder, { recursive: true, mode: 0o700 })
    await provide({ ...Object.fromEntries(inherited), HOME: home, XDG_RUNTIME_DIR: runtimeFolder })
  },
  launch: async ({ environment: own }, provide) => {
    const running = new Set<ElectronApplication>()
    await provide(async ({ args = [], environment = {} } = {}) => {
      const app = await _electron.launch({ args: ['.', ...args], cwd: root, env: { ...own, ...environment } })
      running.add(app)
      app.on('close', () => running.delete(app))
      return app
    })
    for (const app of running) await quit(app)
  },
  app: async ({ launch }, provide) => {
    await provide(await launch())
  },
  page: async ({ app }, provide) => {
    await provide(await openedWindow(app))
  },
  drop: async ({ page }, provide) => {
    await provide(async (paths, selector = 'body') => {
      const session = await page.context().newCDPSession(page)
      const box = await page.locator(selector).boundingBox()
      if (!box) throw new Error(`there is nothing to drop on at ${selector}`)
      const data = { items: [], files: [...paths], dragOperationsMask: 1 }
      const at = { x: box.x + box.width / 2, y: box.y + box.height / 2, data }
      for (const type of ['dragEnter', 'dragOver', 'drop'] as const) {
        await session.send('Input.dispatchDragEvent', { type, ...at })
      }
      await session.detach()
    })
  },
  answer: async ({ app }, provide) => {
    await provide((kind, value) => answerDialog(app, kind, value))
  },
  theme: async ({ app, page }, provide) => {
    await provide(async (theme) => {
      await app.evaluate(({ nativeTheme }, theme) => {
        nativeTheme.themeSource = theme
      }, theme)
      await expect
        .poll(() => page.evaluate(() => matchMedia('(prefers-color-scheme: dark)').matches))
        .toBe(theme === 'dark')
    })
  },
})

export { expect }
