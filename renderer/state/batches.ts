// Gathers what arrives in bursts, so that the page redraws a few times a second and not at every message.

/** Calls `flush` with what was added: at once the first time, then at most once in `interval` milliseconds. */
export function gatherer<T>(flush: (items: readonly T[]) => void, interval: number): (items: readonly T[]) => void {
  let waiting: T[] = []
  let timer: ReturnType<typeof setTimeout> | undefined

  function release(): void {
    const items = waiting
    waiting = []
    timer = items.length > 0 ? setTimeout(release, interval) : undefined
    if (items.length > 0) flush(items)
  }

  return (items) => {
    waiting.push(...items)
    if (timer === undefined) release()
  }
}
