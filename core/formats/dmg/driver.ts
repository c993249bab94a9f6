// DMG: the disk images of macOS, read so that what is on them can be converted.

import type { Access, Confidence, ImageDriver, ImageLayer, OpenGate } from '../../image/driver.ts'
import { notWritten, readingOnly } from '../../image/partial-driver.ts'
import type { Storage } from '../../storage/storage.ts'
import { MAGIC, TRAILER } from './layout.ts'

const TITLE = 'DMG'

export const dmgDriver: ImageDriver = {
  ...readingOnly(TITLE),
  format: 'dmg',
  extensions: ['dmg'],

  probe(_head: Uint8Array, tail: Uint8Array): Confidence {
    if (tail.length < TRAILER.size) return 0
    const view = new DataView(tail.buffer, tail.byteOffset + tail.length - TRAILER.size)
    // A raw disk may end like that: two fields that agree make it unlikely, and a guest gains nothing by it.
    return view.getUint32(0) === MAGIC && view.getUint32(8) === TRAILER.size ? 90 : 0
  },

  async open(storage: Storage, _gate: OpenGate, access: Access): Promise<ImageLayer> {
    const [{ openImage }, { DmgLayer }] = await Promise.all([import('./open.ts'), import('./layer.ts')])
    const unwritable = access === 'write' ? notWritten(storage.name, TITLE) : undefined
    return new DmgLayer(storage, await openImage(storage), unwritable)
  },
}
