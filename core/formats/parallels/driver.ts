// Parallels: the disks of Parallels Desktop and Virtuozzo, read and repaired but not written.

import type { Access, Confidence, ImageDriver, ImageLayer, OpenGate } from '../../image/driver.ts'
import type { Checker } from '../../image/facets.ts'
import { notWritten, readingOnly } from '../../image/partial-driver.ts'
import type { Storage } from '../../storage/storage.ts'
import { MAGIC, MAGIC_LENGTH } from './layout.ts'

const TITLE = 'Parallels'

export const parallelsDriver: ImageDriver = {
  ...readingOnly(TITLE),
  format: 'parallels',
  extensions: ['hds', 'hdd', 'parallels'],

  probe(head: Uint8Array): Confidence {
    const magic = new TextDecoder('latin1').decode(head.subarray(0, MAGIC_LENGTH))
    return magic === MAGIC.old || magic === MAGIC.extended ? 100 : 0
  },

  async open(storage: Storage, gate: OpenGate, access: Access): Promise<ImageLayer> {
    const [{ openHeader }, { ParallelsLayer }, { partOfMore }] = await Promise.all([
      import('./open.ts'),
      import('./layer.ts'),
      import('./bundle.ts'),
    ])
    const opened = await openHeader(storage)
    const unreadable = await partOfMore(storage, gate)
    return new ParallelsLayer(storage, opened, {
      ...(unreadable && { unreadable: unreadable.toData() }),
      ...(access === 'write' && { unwritable: notWritten(storage.name, TITLE).toData() }),
    })
  },

  async checker(storage: Storage): Promise<Checker> {
    const { parallelsChecker } = await import('./check/checker.ts')
    return parallelsChecker(storage)
  },
}
