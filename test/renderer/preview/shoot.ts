// `node test/renderer/preview/shoot.ts FOLDER [scene …]`: pictures of the screens in both themes, to be looked at while building.

import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { openBrowser, openScene } from './browser.ts'
import { SCENES } from './scenes.ts'
import { startPreview } from './server.ts'

const [folder, ...wanted] = process.argv.slice(2)
if (folder === undefined) throw new Error('Say which folder the pictures go to.')
mkdirSync(folder, { recursive: true })

await using preview = await startPreview()
const browser = await openBrowser()
for (const scene of SCENES) {
  if (wanted.length > 0 && !wanted.includes(scene.name)) continue
  for (const theme of ['light', 'dark'] as const) {
    const page = await openScene(browser, preview, scene, theme)
    await page.screenshot({ path: join(folder, `${scene.name}-${theme}.png`) })
    await page.close()
  }
}
await browser.close()
