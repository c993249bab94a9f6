// qcow2, versions 2 and 3: QEMU's own format.

import type {
  Access,
  Confidence,
  CreateSpec,
  ImageBuilder,
  ImageDriver,
  ImageLayer,
  Measurement,
  OpenGate,
} from '../../image/driver.ts'
import type { Storage } from '../../storage/storage.ts'
import { Qcow2Builder } from './builder.ts'
import { ImageFile } from './image-file.ts'
import { Qcow2Layer } from './layer.ts'
import { MAGIC } from './layout.ts'
import { measureDesign } from './measure.ts'
import { openHeader } from './open.ts'
import { designOf, options } from './options.ts'

export const qcow2Driver: ImageDriver = {
  format: 'qcow2',
  title: 'QCOW2',
  extensions: ['qcow2', 'qcow'],
  capabilities: { create: true, write: true, backing: true, compress: true, snapshots: false },
  options,

  probe(head: Uint8Array): Confidence {
    if (head.length < 4) return 0
    return new DataView(head.buffer, head.byteOffset).getUint32(0) === MAGIC ? 100 : 0
  },

  async open(storage: Storage, gate: OpenGate, access: Access): Promise<ImageLayer> {
    const opened = await openHeader(storage, gate, access)
    const file = new ImageFile(storage, opened.dataStorage, opened)
    return new Qcow2Layer(file, opened, {})
  },

  async build(storage: Storage, spec: CreateSpec, gate: OpenGate): Promise<ImageBuilder> {
    const design = designOf(spec)
    const dataFile = design.dataFile ? await gate.create(design.dataFile.name, storage) : undefined
    return Qcow2Builder.start(storage, dataFile, design, spec)
  },

  measure(spec: CreateSpec, data: number): Measurement {
    return measureDesign(designOf(spec), data)
  },
}
