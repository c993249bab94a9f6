// A program that changes the image it is given in place, again and again, until it is killed.

import { setImmediate as nextTurn } from 'node:timers/promises'
import { changeInPlace } from '../../../core/operations/in-place.ts'
import { systemParts } from '../../../core/operations/parts.ts'

const [path = ''] = process.argv.slice(2)
const context = { signal: new AbortController().signal, progress: () => {}, pointOfNoReturn: () => {} }

await changeInPlace({ path, format: 'raw', keepUndo: false }, context, systemParts(), async ({ storage }) => {
  const size = await storage.size()
  process.stdout.write('begun\n')
  for (let round = 0; ; round += 1) {
    const offset = (round * 7919) % size
    await storage.write(offset, new Uint8Array(5000).fill(round))
    if (round % 5 === 0) await storage.truncate(Math.floor(size * (0.5 + (round % 7) / 7)))
    if (round % 11 === 0) await storage.flush()
    await nextTurn()
  }
})
