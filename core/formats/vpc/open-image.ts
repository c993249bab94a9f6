// From the headers of an image to its layer, and whether it may be written.

import type { Access, ImageLayer } from '../../image/driver.ts'
import { readOnly } from '../../image/damage.ts'
import type { SpindleError } from '../../model/error.ts'
import type { Storage } from '../../storage/storage.ts'
import { findAllocated } from './allocated.ts'
import { BlockBackingLink } from './backing-link.ts'
import { PlainWriter } from '../../image/plain-writer.ts'
import { FixedLayer } from './fixed-layer.ts'
import { ImageFile } from './image-file.ts'
import { BlockLayer } from './layer.ts'
import { openHeaders, unwritable } from './open.ts'
import { BlockResizer } from './resizer.ts'
import { FixedResizer } from './fixed-resizer.ts'
import { BlockWriter } from './writer.ts'

export async function openImage(storage: Storage, access: Access): Promise<ImageLayer> {
  const opened = await openHeaders(storage)
  const { blocks, footer, virtualSize } = opened
  const refused = access === 'write' ? unwritable(storage.name, opened.faults) : undefined
  if (!blocks) {
    if (access === 'read') return new FixedLayer(storage, opened, {})
    if (refused) return new FixedLayer(storage, opened, { unwritable: refused.toData() })
    const writer = new PlainWriter(storage, virtualSize)
    return new FixedLayer(storage, opened, { writer, resizer: new FixedResizer(storage, opened) })
  }
  const file = new ImageFile(storage, opened, blocks)
  if (access === 'read') return new BlockLayer(file, opened, {})
  const damage = refused ?? (await damageOf(file))
  if (damage) return new BlockLayer(file, opened, { unwritable: damage.toData() })
  const writer = new BlockWriter(file, footer)
  return new BlockLayer(file, opened, {
    writer,
    resizer: new BlockResizer(file, opened, writer),
    ...(blocks.backing && { backingLink: new BlockBackingLink(file, opened, writer) }),
  })
}

/** A block that two places of the disk share, or that lies over a table, must not be written. */
async function damageOf(file: ImageFile): Promise<SpindleError | undefined> {
  const { problems } = await findAllocated(file)
  const [first] = problems
  return first && readOnly(file.storage.name, `is damaged: ${first.message}`, first.hostOffset)
}
