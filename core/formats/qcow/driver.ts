// qcow, version 1: QEMU's format before qcow2, read so that what is left of it can be converted.

import type { Access, Confidence, ImageDriver, ImageLayer, OpenGate } from '../../image/driver.ts'
import { notWritten, readingOnly } from '../../image/partial-driver.ts'
import type { Storage } from '../../storage/storage.ts'
import { MAGIC } from './layout.ts'

const TITLE = 'QCOW (version 1)'

export const qcowDriver: ImageDriver = {
  ...readingOnly(TITLE),
  format: 'qcow',
  extensions: ['qcow'],

  probe(head: Uint8Array): Confidence {
    if (head.length < 8) return 0
    const view = new DataView(head.buffer, head.byteOffset)
    return view.getUint32(0) === MAGIC && view.getUint32(4) === 1 ? 100 : 0
  },

  async open(storage: Storage, _gate: OpenGate, access: Access): Promise<ImageLayer> {
    const [{ openHeader }, { QcowLayer }] = await Promise.all([import('./open.ts'), import('./layer.ts')])
    const unwritable = access === 'write' ? notWritten(storage.name, TITLE) : undefined
    return new QcowLayer(storage, await openHeader(storage), unwritable)
  },
}
