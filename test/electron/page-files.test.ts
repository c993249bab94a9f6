// The page's own files: the listed ones with their policy, and nothing else of the machine.

import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { pageFiles } from '../../electron/main/page-files.ts'

let outside: string
let serve: ReturnType<typeof pageFiles>

beforeAll(() => {
  outside = mkdtempSync(join(tmpdir(), 'spindle-page-'))
  const folder = join(outside, 'renderer')
  mkdirSync(join(folder, 'assets'), { recursive: true })
  writeFileSync(join(outside, 'secret.txt'), 'secret')
  writeFileSync(join(folder, 'index.html'), '<h1>Spindle</h1>')
  writeFileSync(join(folder, 'assets/a.js'), 'export {}')
  serve = pageFiles(folder)
})
afterAll(() => rmSync(outside, { recursive: true }))

test('a page comes with a policy that lets it do nothing but be itself', async () => {
  const response = await serve({ url: 'spindle://app/index.html' })
  expect(response.status).toBe(200)
  expect(await response.text()).toBe('<h1>Spindle</h1>')
  expect(response.headers.get('content-type')).toBe('text/html; charset=utf-8')
  const policy = response.headers.get('content-security-policy') ?? ''
  for (const rule of ["default-src 'none'", "script-src 'self'", "style-src 'self'", "frame-ancestors 'none'"]) {
    expect(policy).toContain(rule)
  }
  expect(policy).not.toContain('unsafe')
})

test('a query and a fragment change nothing', async () => {
  expect((await serve({ url: 'spindle://app/assets/a.js?v=1#x' })).status).toBe(200)
})

test.each([
  'spindle://app/',
  'spindle://app/secret.txt',
  'spindle://app/../secret.txt',
  'spindle://app/../../../../etc/passwd',
  'spindle://app/..%2fsecret.txt',
  'spindle://app/%2e%2e/secret.txt',
  'spindle://app/assets/..%5c..%5csecret.txt',
  'spindle://app//etc/passwd',
  'spindle://app/assets',
  'spindle://app/constructor',
  'spindle://other/index.html',
  'spindle:///index.html',
  'file:///etc/passwd',
  'https://app/index.html',
  'nonsense',
])('%s is not found', async (url) => {
  const response = await serve({ url })
  expect(response.status).toBe(404)
  expect(await response.text()).not.toContain('secret')
})
