// The window opens, and the page in it is held: it can reach nothing but what main hands out.

import { spawn } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { readdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import electron from 'electron'
import type { Page } from '@playwright/test'
import type { Reply, WindowApi } from '../../electron/contract/api.ts'
import type { Granted } from '../../electron/contract/data.ts'
import { TEN_MEGABYTES, hostileRequests, withLongTexts } from '../electron/hostile.ts'
import { expect, root, test } from './fixtures.ts'

declare global {
  interface Window {
    readonly spindle: WindowApi
  }
}

/** As the page's own code would, whatever the method and its arguments are. */
async function ask(page: Page, method: string, args: readonly unknown[]): Promise<Reply<unknown> | 'no such method'> {
  const expand = await page.evaluateHandle<typeof withLongTexts>(`(${withLongTexts.toString()})`)
  return page.evaluate(
    async ([method, args, mark, expand]) => {
      const spindle = window.spindle as unknown as Record<
        string,
        (...args: readonly unknown[]) => Promise<Reply<unknown>>
      >
      const call = Object.hasOwn(spindle, method) ? spindle[method] : undefined
      return call ? call(...(expand(args, mark) as readonly unknown[])) : 'no such method'
    },
    [method, args, TEN_MEGABYTES, expand] as const,
  )
}

/** Puts files in through a file input, the way of a page that has none of our own controls. */
async function grantByInput(page: Page, paths: readonly string[]): Promise<readonly Granted[]> {
  await page.evaluate(() => {
    const input = Object.assign(document.createElement('input'), { type: 'file', id: 'probe', multiple: true })
    document.body.append(input)
  })
  await page.locator('#probe').setInputFiles([...paths])
  const reply = await page.evaluate(async () => {
    const input = document.querySelector<HTMLInputElement>('#probe')
    const files = [...(input?.files ?? [])]
    input?.remove()
    return window.spindle.grantFiles(files)
  })
  return reply.ok ? reply.value : []
}

test('the window opens with its title, its size and no error', async ({ app, page }) => {
  const problems: string[] = []
  page.on('console', (message) => void (message.type() === 'error' && problems.push(message.text())))
  page.on('pageerror', (error) => problems.push(error.message))
  await page.reload()
  await page.waitForFunction(() => 'spindle' in window && document.querySelector('#root')?.firstElementChild !== null)
  expect(problems).toEqual([])
  const window = await app.browserWindow(page)
  expect(await window.evaluate((window) => [window.getTitle(), window.isVisible()])).toEqual(['Spindle', true])
  expect(await page.evaluate(() => [document.title, innerWidth, innerHeight])).toEqual(['Spindle', 1280, 800])
})

test('the page has window.spindle, frozen, and nothing of Node or Electron', async ({ page }) => {
  const found = await page.evaluate(() => ({
    spindle: typeof window.spindle,
    frozen: Object.isFrozen(window.spindle),
    others: ['require', 'process', 'module', 'ipcRenderer', 'Buffer', 'global', 'electron', 'standinPost'].filter(
      (name) => name in window,
    ),
  }))
  expect(found).toEqual({ spindle: 'object', frozen: true, others: [] })
})

test('requests and events make the round trip', async ({ page }) => {
  const theme = await page.evaluate(async () => {
    const told = Promise.withResolvers<string>()
    const end = window.spindle.on('settings', (settings) => told.resolve(settings.theme))
    await window.spindle.saveSettings({ theme: 'dark' })
    end()
    return told.promise
  })
  expect(theme).toBe('dark')
  await expect.poll(() => page.evaluate(() => matchMedia('(prefers-color-scheme: dark)').matches)).toBe(true)
})

test('the policy lets no code, style or address in from elsewhere', async ({ page }) => {
  const refused = await page.evaluate(async () => {
    const violations: string[] = []
    document.addEventListener('securitypolicyviolation', (event) => violations.push(event.effectiveDirective))
    const refusals: string[] = []
    const attempts = [
      () =>
        document.head.append(Object.assign(document.createElement('script'), { textContent: 'window.injected = 1' })),
      () => document.body.insertAdjacentHTML('beforeend', '<img src=x onerror="window.injected = 1">'),
      () => document.body.append(document.createRange().createContextualFragment('<p onclick="1">')),
    ]
    for (const attempt of attempts) {
      try {
        attempt()
      } catch (error) {
        refusals.push((error as Error).name)
      }
    }
    document.head.append(Object.assign(document.createElement('style'), { textContent: 'body { color: red }' }))
    const fetched = await fetch('https://127.0.0.1:1/').then(
      () => 'answered',
      () => 'blocked',
    )
    // The browser tells of a violation in a task of its own.
    await new Promise((resolve) => setTimeout(resolve))
    return { refusals, fetched, violations: violations.toSorted(), injected: 'injected' in window }
  })
  expect(refused).toMatchObject({
    refusals: ['TypeError', 'TypeError', 'TypeError'],
    fetched: 'blocked',
    injected: false,
  })
  expect(refused.violations).toEqual(
    expect.arrayContaining(['connect-src', 'require-trusted-types-for', 'style-src-elem']),
  )
})

test('navigation, new windows and frames are refused', async ({ app, page }) => {
  const before = app.windows().length
  await app.evaluate(({ BrowserWindow }) => {
    const tried: string[] = []
    const contents = BrowserWindow.getAllWindows()[0]?.webContents
    contents?.on('will-frame-navigate', (event) => tried.push(event.url))
    Object.assign(globalThis, { tried })
  })
  await page.evaluate(() => {
    window.open('https://example.org/')
    const link = Object.assign(document.createElement('a'), { href: 'https://example.org/', target: '_blank' })
    document.body.append(link)
    link.click()
    for (const src of ['https://example.org/', 'data:text/html,<p>frame</p>', 'file:///etc/passwd']) {
      document.body.append(Object.assign(document.createElement('iframe'), { src }))
    }
    Object.assign(window, { still: 'here' })
    location.href = 'https://example.org/away'
  })
  const tried = () => app.evaluate(() => (globalThis as unknown as { tried: readonly string[] }).tried)
  await expect.poll(tried).toEqual(['https://example.org/away'])
  expect(await ask(page, 'formats', [])).toMatchObject({ ok: true })
  expect(await page.evaluate(() => 'still' in window)).toBe(true)
  expect(app.windows()).toHaveLength(before)
  const frames = page.frames().filter((frame) => frame !== page.mainFrame())
  for (const frame of frames) expect(frame.url()).not.toMatch(/example\.org|passwd|^data:/)
})

test('a frame inside the page finds nothing to ask', async ({ page }) => {
  const inFrame = await page.evaluate(async () => {
    const frame = document.createElement('iframe')
    document.body.append(frame)
    const inner = frame.contentWindow as (Window & typeof globalThis) | null
    return ['spindle', 'require', 'standinPost'].filter((name) => inner !== null && name in inner)
  })
  expect(inFrame).toEqual([])
})

test('addresses that lead out of the page’s files are not found', async ({ page }) => {
  const answers = await page.evaluate(async () => {
    const addresses = [
      '/../package.json',
      '/..%2f..%2fpackage.json',
      '/%2e%2e/main/main.js',
      '//etc/passwd',
      '/etc/passwd',
    ]
    return Promise.all(
      addresses.map(async (address) =>
        fetch(address).then(
          ({ status }) => status,
          () => 'blocked',
        ),
      ),
    )
  })
  expect(answers.filter((answer) => answer !== 404 && answer !== 'blocked')).toEqual([])
})

test('no permission is granted', async ({ page }) => {
  const states = await page.evaluate(async () => {
    const names = ['geolocation', 'notifications', 'camera', 'microphone', 'midi'] as const
    return Promise.all(names.map(async (name) => (await navigator.permissions.query({ name })).state))
  })
  expect(states).not.toContain('granted')
})

test('every hostile request is refused, and touches no file', async ({ page, folder, home }) => {
  test.setTimeout(120_000)
  const file = join(folder, 'a.img')
  await writeFile(file, 'data')
  const [volume] = await grantByInput(page, [file])
  if (volume?.kind !== 'volume') throw new Error(`the file was not granted: ${JSON.stringify(volume)}`)
  const settings = join(home, '.config', 'spindle', 'settings.json')
  for (const { what, method, args } of hostileRequests({ folder: volume.folder.id, volume: volume.id })) {
    const reply = await ask(page, method, args)
    const refused = reply === 'no such method' || !reply.ok
    expect(refused, `${what}: ${method}`).toBe(true)
  }
  expect(await readdir(folder)).toEqual(['a.img'])
  expect(await readFile(file, 'utf8')).toBe('data')
  await expect(readFile(settings)).rejects.toThrow('ENOENT')
  // And it still answers.
  expect(await ask(page, 'inspect', [volume.id])).toMatchObject({ ok: true })
})

test('a file the page makes up itself is not granted', async ({ page }) => {
  const reply = await page.evaluate(() => window.spindle.grantFiles([new File(['x'], 'made-up.img')]))
  expect(reply).toMatchObject({ ok: true, value: [{ kind: 'refused', name: 'made-up.img' }] })
})

test('an id that was revoked opens nothing any more', async ({ page, app, folder, answer }) => {
  const file = join(folder, 'a.img')
  await writeFile(file, Buffer.alloc(1024 * 1024))
  await answer('showOpenDialog', { canceled: false, filePaths: [folder] })
  const place = await page.evaluate(async () => {
    const chosen = await window.spindle.chooseFolder()
    if (!chosen.ok || !chosen.value) throw new Error('no folder was chosen')
    await window.spindle.addToLibrary([chosen.value.id])
    return chosen.value.id
  })
  const rows = async () => page.evaluate(() => window.spindle.volumes(0))
  await expect.poll(rows).toMatchObject({ ok: true, value: [{ path: file, place }] })
  const listed = await rows()
  const id = listed.ok ? (listed.value[0]?.id ?? '') : ''
  expect(await ask(page, 'inspect', [id])).toMatchObject({ ok: true })
  expect(await ask(page, 'removePlace', [place])).toMatchObject({ ok: true })
  await expect.poll(() => ask(page, 'inspect', [id])).toMatchObject({ ok: false, error: { code: 'access-denied' } })
  expect(await ask(page, 'removePlace', [place])).toMatchObject({ ok: false, error: { code: 'access-denied' } })
  expect(app.windows()).toHaveLength(1)
})

test('files and folders dropped on the window reach main by their path', async ({ page, drop, folder }) => {
  const file = join(folder, 'disk image ü.img')
  await writeFile(file, Buffer.alloc(512))
  await page.evaluate(() => {
    document.addEventListener(
      'drop',
      (event) => {
        Object.assign(window, { granted: window.spindle.grantFiles([...(event.dataTransfer?.files ?? [])]) })
      },
      { capture: true, once: true },
    )
    document.addEventListener('dragover', (event) => event.preventDefault())
  })
  await drop([file, folder])
  await page.waitForFunction(() => 'granted' in window)
  const reply = await page.evaluate(
    () => (window as unknown as { granted: Promise<Reply<readonly Granted[]>> }).granted,
  )
  expect(reply).toMatchObject({
    ok: true,
    value: [
      { kind: 'volume', name: 'disk image ü.img', facts: { path: file, format: 'raw', virtualSize: 512 } },
      { kind: 'folder', folder: { space: { total: expect.any(Number) } } },
    ],
  })
})

test('a second start hands its files to the first and ends', async ({ app, page, environment, folder }) => {
  const file = join(folder, 'two.img')
  await writeFile(file, Buffer.alloc(512))
  await page.evaluate(() => {
    const told = Promise.withResolvers<readonly Granted[]>()
    window.spindle.on('opened', told.resolve)
    Object.assign(window, { opened: told.promise })
  })
  const second = spawn(electron as unknown as string, ['.', file], { cwd: root, env: environment, stdio: 'ignore' })
  expect(await once(second, 'exit')).toEqual([0, null])
  const opened = await page.evaluate(() => (window as unknown as { opened: Promise<readonly Granted[]> }).opened)
  expect(opened).toMatchObject([{ kind: 'volume', name: 'two.img' }])
  expect(app.windows()).toHaveLength(1)
})

test('quitting with a job under way asks; staying keeps it, stopping leaves nothing behind', async ({
  app,
  page,
  folder,
}) => {
  // Random, so that packing it takes a while.
  await writeFile(join(folder, 'a.img'), randomBytes(192 * 1024 * 1024))
  const [source] = await grantByInput(page, [join(folder, 'a.img')])
  if (source?.kind !== 'volume') throw new Error('the file was not granted')
  const startAndQuit = async (response: number): Promise<string> => {
    await app.evaluate(({ dialog }, response) => {
      const asked = Promise.withResolvers<string>()
      const showMessageBox = async (...args: readonly unknown[]) => {
        asked.resolve((args.at(-1) as { readonly message: string }).message)
        return { response, checkboxChecked: false }
      }
      Object.assign(dialog, { showMessageBox })
      Object.assign(globalThis, { asked: asked.promise })
    }, response)
    await app.evaluate(({ app }) => app.quit())
    return app.evaluate(() => (globalThis as unknown as { asked: Promise<string> }).asked)
  }
  const job = await page.evaluate(
    async ({ id, folder }) => {
      const running = Promise.withResolvers<void>()
      window.spindle.on('job', ({ state }) => void (state.kind === 'running' && running.resolve()))
      const started = await window.spindle.startJob({
        kind: 'convert',
        source: id,
        folder: folder.id,
        name: 'b.qcow2',
        format: 'qcow2',
        options: { compression_type: 'zlib' },
        compress: true,
        verify: false,
      })
      await running.promise
      return started
    },
    { id: source.id, folder: source.folder },
  )
  expect(job).toMatchObject({ ok: true })
  expect(await startAndQuit(1)).toBe('A job is still running.')
  expect(await ask(page, 'overview', [])).toMatchObject({ ok: true, value: { jobs: [{ state: { kind: 'running' } }] } })
  const closed = app.waitForEvent('close')
  await startAndQuit(0).catch(() => undefined) // it may be gone before it has answered
  await closed
  expect(await readdir(folder)).toEqual(['a.img'])
})
