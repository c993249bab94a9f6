// Making an image that fits where it is to run: its size beforehand, and a look at what was made afterwards.

import type { ImageDriver } from '../image/driver.ts'
import { SpindleError } from '../model/error.ts'
import { PRESETS } from '../model/preset.ts'
import type { Preset, PresetId } from '../model/preset.ts'
import { formatSize, roundUp } from '../model/units.ts'
import type { Target } from './target.ts'

/** Throws `invalid-argument` with the names there are. */
export function presetOf(id: PresetId): Preset {
  const preset = PRESETS.find((one) => one.id === id)
  if (preset) return preset
  const known = PRESETS.map((one) => one.id).join(', ')
  throw new SpindleError('invalid-argument', `There is no preset “${id}”. Known: ${known}.`)
}

/** The size a disk of `size` bytes has to be made there. Throws `unsupported` for one that is too large. */
export function presetSize(id: PresetId | undefined, size: number): number {
  if (id === undefined) return size
  const { title, sizeMultiple, largest } = presetOf(id)
  const rounded = roundUp(size, sizeMultiple)
  if (rounded <= largest) return rounded
  throw new SpindleError(
    'unsupported',
    `${title} takes disks of up to ${formatSize(largest)}, and this one has ${formatSize(size)}. Nothing was written. Make the disk smaller first, or choose another place for it.`,
  )
}

export interface Made {
  readonly target: Target
  readonly driver: ImageDriver
  /** Bytes. */
  readonly virtualSize: number
}

/** Opens what was made once more, as a stranger would. Throws `differs` when it is not what was asked for. */
export async function checkFits(id: PresetId | undefined, { target, driver, virtualSize }: Made): Promise<void> {
  if (id === undefined) return
  const { title, format } = presetOf(id)
  await using storage = await target.reopen('read')
  const report = await (await driver.checker?.(storage, target.gate))?.check()
  // The layer closes the storage as well; closing twice does nothing.
  await using layer = await driver.open(storage, target.gate, 'read')
  const damaged = report !== undefined && report.totals.corruptions + report.totals.checkErrors > 0
  if (layer.format === format && layer.virtualSize === virtualSize && !layer.unreadable && !damaged) return
  throw new SpindleError(
    'differs',
    `The new image was opened once more and is not what ${title} needs, so it was deleted. Nothing else was changed. This is a fault of Spindle: please report it.`,
    { path: target.storage.name },
  )
}
