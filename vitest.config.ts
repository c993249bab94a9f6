import { availableParallelism } from 'node:os'
import { defineConfig } from 'vitest/config'

export default defineConfig({
  test: {
    include: ['test/**/*.test.ts'],
    testTimeout: 60_000,
    hookTimeout: 120_000,
    pool: 'threads',
    // One worker a core: the default leaves one idle, which halves what two cores can do.
    maxWorkers: availableParallelism(),
  },
})
