// VHDX: Hyper-V's format since Windows Server 2012.

import type {
  Access,
  Confidence,
  CreateSpec,
  ImageBuilder,
  ImageDriver,
  ImageLayer,
  OpenGate,
} from '../../image/driver.ts'
import type { Measurement } from '../../image/driver.ts'
import type { Checker } from '../../image/facets.ts'
import type { Storage } from '../../storage/storage.ts'
import { FILE_SIGNATURE } from './layout.ts'
import { measureDesign } from './measure.ts'
import { designOf, options } from './options.ts'

export const vhdxDriver: ImageDriver = {
  format: 'vhdx',
  title: 'VHDX',
  extensions: ['vhdx', 'avhdx'],
  capabilities: {
    create: true,
    write: true,
    backing: false,
    compress: false,
    snapshots: false,
    resize: true,
    bitmaps: false,
  },
  options,

  probe(head: Uint8Array): Confidence {
    const signature = new TextEncoder().encode(FILE_SIGNATURE)
    return signature.every((byte, index) => head[index] === byte) ? 100 : 0
  },

  async open(storage: Storage, _gate: OpenGate, access: Access): Promise<ImageLayer> {
    const [{ open }, { VhdxLayer }] = await Promise.all([import('./open.ts'), import('./layer.ts')])
    return new VhdxLayer(await open(storage, access), { writable: access === 'write' })
  },

  async build(storage: Storage, spec: CreateSpec): Promise<ImageBuilder> {
    const design = designOf(spec)
    const { VhdxBuilder } = await import('./builder.ts')
    return new VhdxBuilder(storage, design)
  },

  blockSize(spec: CreateSpec): number {
    return designOf(spec).geometry.blockSize
  },

  measure(spec: CreateSpec, data: number): Measurement {
    return measureDesign(designOf(spec), data)
  },

  async checker(storage: Storage): Promise<Checker> {
    const { vhdxChecker } = await import('./check/checker.ts')
    return vhdxChecker(storage)
  },
}
