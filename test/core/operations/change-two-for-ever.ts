// A program that changes the image it is given, and its data file, in place, again and again, until it is killed.

import { setImmediate as nextTurn } from 'node:timers/promises'
import { openDisk } from '../../../core/image/chain.ts'
import { changeInPlace } from '../../../core/operations/in-place.ts'
import { systemParts } from '../../../core/operations/parts.ts'

const [path = ''] = process.argv.slice(2)
const context = { signal: new AbortController().signal, progress: () => {}, pointOfNoReturn: () => {} }
const parts = systemParts()

await changeInPlace({ path, keepUndo: false }, context, parts, async ({ storage, gate }) => {
  const disk = await openDisk(storage, { ...parts, gate, access: 'write' })
  for (let round = 0; ; round += 1) {
    await disk.write((round * 7919 * 512) % (disk.size - 5120), new Uint8Array(5120).fill(round))
    if (round % 5 === 0) await disk.flush()
    if (round === 1) process.stdout.write('begun\n')
    await nextTurn()
  }
})
