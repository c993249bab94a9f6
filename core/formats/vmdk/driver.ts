// VMDK: the disks of VMware products, in one file or in several.

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
import type { Checker } from '../../image/facets.ts'
import type { OptionValues } from '../../model/option.ts'
import type { Storage } from '../../storage/storage.ts'
import { looksLikeDescriptor } from './descriptor.ts'
import { leadersOf, leads } from './leader.ts'
import { measureDesign } from './measure.ts'
import { designOf, options, subformatOf } from './options.ts'
import { hasSparseMagic } from './sparse-shape.ts'

export const vmdkDriver: ImageDriver = {
  format: 'vmdk',
  title: 'VMDK',
  extensions: ['vmdk'],
  capabilities: {
    create: true,
    write: true,
    backing: true,
    compress: true,
    snapshots: false,
    resize: true,
    bitmaps: false,
  },
  options,

  probe(head: Uint8Array): Confidence {
    return hasSparseMagic(head) || looksLikeDescriptor(head) ? 100 : 0
  },

  async open(storage: Storage, gate: OpenGate, access: Access): Promise<ImageLayer> {
    const [{ openImage }, { VmdkLayer }] = await Promise.all([import('./open.ts'), import('./layer.ts')])
    return new VmdkLayer(storage, await openImage(storage, gate, access), access)
  },

  async build(storage: Storage, spec: CreateSpec, gate: OpenGate): Promise<ImageBuilder> {
    const { startBuilder } = await import('./builder.ts')
    return startBuilder(storage, spec, gate)
  },

  measure(spec: CreateSpec, data: number): Measurement {
    return measureDesign(designOf(spec), data)
  },

  packs(values: OptionValues): boolean {
    return subformatOf(values) === 'streamOptimized'
  },

  async checker(storage: Storage, gate?: OpenGate): Promise<Checker> {
    const { vmdkChecker } = await import('./check/checker.ts')
    return vmdkChecker(storage, gate)
  },

  leadersOf,
  leads,
}
