// `node test/renderer/preview/frames.ts`: how long frames take while a history of a thousand states is scrolled and walked.

import { openBrowser, openScene } from './browser.ts'
import { SCENES } from './scenes.ts'
import { startPreview } from './server.ts'

const scene = SCENES.find(({ name }) => name === 'history-long')
if (!scene) throw new Error('There is no such scene.')

await using preview = await startPreview()
const browser = await openBrowser()
const page = await openScene(browser, preview, scene, 'light')

/** Milliseconds from frame to frame, and of work in each, while `what` is going on. */
async function measure(what: string, work: () => Promise<void>): Promise<void> {
  await page.evaluate(() => {
    const frames: number[] = []
    let last = performance.now()
    const next = (): void => {
      const now = performance.now()
      frames.push(now - last)
      last = now
      if (!Object.hasOwn(window, 'measured')) requestAnimationFrame(next)
    }
    Reflect.deleteProperty(window, 'measured')
    Object.assign(window, { frames })
    requestAnimationFrame(next)
  })
  await work()
  const frames = await page.evaluate(() => {
    Object.assign(window, { measured: true })
    return (window as unknown as { frames: number[] }).frames
  })
  const sorted = frames.toSorted((left, right) => left - right)
  const at = (part: number): string => (sorted[Math.floor((sorted.length - 1) * part)] ?? 0).toFixed(1)
  const long = frames.filter((one) => one > 50).length
  console.log(
    `${what}: ${frames.length} frames, median ${at(0.5)} ms, 95 % below ${at(0.95)} ms, longest ${at(1)} ms, ${long} over 50 ms`,
  )
}

await page.getByRole('grid', { name: 'Snapshots' }).hover()
await measure('wheel over 1,000 states', async () => {
  for (let step = 0; step < 120; step += 1) {
    await page.mouse.wheel(0, 240)
    await page.evaluate(() => new Promise((resolve) => requestAnimationFrame(resolve)))
  }
})
await page.keyboard.press('Home')
await measure('arrow keys through 1,000 states', async () => {
  for (let step = 0; step < 120; step += 1) await page.keyboard.press('ArrowDown')
})
await page.keyboard.press('m')
await page.getByRole('listbox', { name: 'Snapshots' }).waitFor()
await measure('wheel over the map of 1,000 files', async () => {
  for (let step = 0; step < 60; step += 1) {
    await page.mouse.wheel(120, 240)
    await page.evaluate(() => new Promise((resolve) => requestAnimationFrame(resolve)))
  }
})
await browser.close()
