// The window's tests: the real main, preload and page, in Electron or on the stand-in for it.

import { defineConfig } from '@playwright/test'
import { chooseElectron } from './electron/dev/runtime.ts'

const runtime = chooseElectron()

export default defineConfig({
  testDir: 'test/e2e',
  outputDir: 'test-results/e2e',
  // Two at a time: each is a browser, a main process and an engine.
  workers: 2,
  fullyParallel: true,
  timeout: 60_000,
  // A whole browser on a busy machine may stumble once; what does is told of as flaky, and is to be looked into.
  retries: 1,
  forbidOnly: process.env['CI'] !== undefined,
  reporter: 'list',
  metadata: { runtime },
})
