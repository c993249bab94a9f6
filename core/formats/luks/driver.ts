// LUKS, versions 1 and 2: an encrypted disk behind a header that holds its keys.

import { LUKS_MAGIC, payloadOffset } from '../../crypto/luks1-layout.ts'
import { luksDesign, luksOptions } from '../../crypto/luks-options.ts'
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
import { completeOptions } from '../../image/options.ts'
import type { Storage } from '../../storage/storage.ts'

const options = luksOptions()

export const luksDriver: ImageDriver = {
  format: 'luks',
  title: 'LUKS',
  extensions: ['luks'],
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
    return LUKS_MAGIC.every((byte, index) => head[index] === byte) ? 100 : 0
  },

  async open(storage: Storage, gate: OpenGate, access: Access): Promise<ImageLayer> {
    const { openLuks } = await import('./layer.ts')
    return openLuks(storage, gate, access)
  },

  async build(storage: Storage, spec: CreateSpec, gate: OpenGate): Promise<ImageBuilder> {
    const { LuksBuilder } = await import('./builder.ts')
    return LuksBuilder.start(storage, completeOptions(options, spec.options), spec, gate)
  },

  measure(spec: CreateSpec, data: number): Measurement {
    const { keyBytes } = luksDesign(completeOptions(options, spec.options))
    const start = payloadOffset(keyBytes)
    const required = start + spec.virtualSize
    // The zeros of a disk take as much room as its data, but a blank one has not even those.
    const initial = spec.blank === true ? start + Math.min(data, spec.virtualSize) : required
    return { required, fullyAllocated: required, initial }
  },
}
