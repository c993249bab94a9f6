// A GPT that is to fit the disk after its size has changed.

import { MovableGpt } from '../contents/move-gpt.ts'
import type { VirtualDisk } from '../image/virtual-disk.ts'
import { SpindleError } from '../model/error.ts'

/** The table as it is before the change. Throws, before anything is changed, where it cannot be made to fit. */
export async function gptToMove(disk: VirtualDisk, virtualSize: number): Promise<MovableGpt> {
  const gpt = await MovableGpt.read(disk)
  if (!gpt)
    throw new SpindleError(
      'invalid-argument',
      `${disk.top.storage.name} has no GPT that could be moved to its new end. Nothing was changed. Resize it without that.`,
      { path: disk.top.storage.name },
    )
  gpt.patches(virtualSize)
  return gpt
}

export async function moveGpt(disk: VirtualDisk, gpt: MovableGpt): Promise<void> {
  for (const { offset, bytes } of gpt.patches(disk.size)) await disk.write(offset, bytes)
}
