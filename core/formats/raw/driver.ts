// Raw: the file is the disk. Also the shortest example of a driver.

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
import type { OptionTable } from '../../model/option.ts'
import { completeOptions } from '../../image/options.ts'
import type { Storage } from '../../storage/storage.ts'
import { RawBuilder } from './builder.ts'
import { RawLayer } from './layer.ts'

const options: OptionTable = [
  {
    kind: 'choice',
    name: 'preallocation',
    title: 'Allocation',
    help: 'When the file system sets room aside: as the guest writes, or all of it now.',
    default: 'off',
    choices: [
      { value: 'off', title: 'Grow as used' },
      { value: 'falloc', title: 'Reserve everything' },
      { value: 'full', title: 'Write everything' },
    ],
  },
]

export const rawDriver: ImageDriver = {
  format: 'raw',
  title: 'RAW',
  extensions: ['img', 'raw'],
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

  // Anything can be raw, so it is what is left when no other format knows its own.
  probe(): Confidence {
    return 1
  },

  async open(storage: Storage, _gate: OpenGate, access: Access): Promise<ImageLayer> {
    return new RawLayer(storage, await storage.size(), access)
  },

  async build(storage: Storage, spec: CreateSpec): Promise<ImageBuilder> {
    const { preallocation } = completeOptions(options, spec.options)
    return RawBuilder.start(storage, spec, String(preallocation))
  },

  measure(spec: CreateSpec, data: number): Measurement {
    const { preallocation } = completeOptions(options, spec.options)
    const reserved = preallocation === 'off' ? 0 : spec.virtualSize
    return { required: spec.virtualSize, fullyAllocated: spec.virtualSize, initial: Math.max(reserved, data) }
  },
}
