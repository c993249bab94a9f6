// What the bytes of a whole chain are: the layers' states put together, window by window.

import type { ImageLayer } from './driver.ts'
import { layerStates } from './state-run.ts'
import type { StateRun } from './state-run.ts'

/** A hole is left only where no layer has anything. */
export interface DiskRun extends StateRun {
  /** Of the layer that has it; 0 is the top. */
  readonly depth: number
}

/** From `offset` on, in order and without gaps: at least one run, perhaps less than `length`. */
export async function diskStates(
  layers: readonly ImageLayer[],
  offset: number,
  length: number,
): Promise<readonly DiskRun[]> {
  return statesFrom(0, layers, offset, length)
}

async function statesFrom(
  depth: number,
  layers: readonly ImageLayer[],
  offset: number,
  length: number,
): Promise<readonly DiskRun[]> {
  const layer = layers[depth]
  if (!layer) return [{ kind: 'hole', length, shared: false, depth: 0 }]
  // A layer that is smaller than the disk above it has nothing there, nor has any below it.
  const inside = Math.min(length, layer.virtualSize - offset)
  if (inside <= 0) return [{ kind: 'hole', length, shared: false, depth: 0 }]
  const own = await layerStates(layer, offset, inside)
  if (!layers[depth + 1]) return own.map((run) => ({ ...run, depth }))
  const answer: DiskRun[] = []
  let position = offset
  for (const run of own) {
    const end = position + run.length
    if (run.kind !== 'hole') answer.push({ ...run, depth })
    while (run.kind === 'hole' && position < end) {
      for (const below of await statesFrom(depth + 1, layers, position, end - position)) {
        answer.push(below)
        position += below.length
      }
    }
    position = end
  }
  return answer
}
