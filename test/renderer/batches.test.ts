// Ten thousand rows arrive in hundreds of messages; the page must not redraw for each.

import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { gatherer } from '../../renderer/state/batches.ts'

beforeEach(() => {
  vi.useFakeTimers()
})
afterEach(() => {
  vi.useRealTimers()
})

test('the first message is shown at once, what follows is gathered, and nothing is lost or turned round', () => {
  const flushed: (readonly number[])[] = []
  const gather = gatherer<number>((items) => flushed.push(items), 100)
  gather([1, 2])
  expect(flushed).toEqual([[1, 2]])
  gather([3])
  gather([4, 5])
  expect(flushed).toHaveLength(1)
  vi.advanceTimersByTime(100)
  expect(flushed).toEqual([
    [1, 2],
    [3, 4, 5],
  ])
  vi.advanceTimersByTime(1000)
  gather([6])
  expect(flushed.at(-1)).toEqual([6])
})
