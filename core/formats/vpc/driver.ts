// VHD, which QEMU calls vpc: the disks of Virtual PC, Hyper-V, Azure and XenServer.

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
import type { Storage } from '../../storage/storage.ts'
import { measureDesign } from './block-room.ts'
import { FOOTER, FOOTER_COOKIE, HEADER_COOKIE, SECTOR } from './layout.ts'
import { designOf, options } from './options.ts'

/** A guest can write what looks like a footer into the last sector of a raw disk. */
const SUGGESTION: Confidence = 40

export const vpcDriver: ImageDriver = {
  format: 'vpc',
  title: 'VHD',
  extensions: ['vhd', 'vpc'],
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

  probe(head: Uint8Array, tail: Uint8Array): Confidence {
    if (beginsWith(head, 0, FOOTER_COOKIE)) return 100
    const footer = tail.length - SECTOR
    if (!beginsWith(tail, footer, FOOTER_COOKIE)) return 0
    // The copy in front is lost, but what it would lead to is there.
    const header = new DataView(tail.buffer, tail.byteOffset + footer).getBigUint64(FOOTER.fields.data_offset.offset)
    return header < BigInt(head.length) && beginsWith(head, Number(header), HEADER_COOKIE) ? 90 : SUGGESTION
  },

  async open(storage: Storage, _gate: OpenGate, access: Access): Promise<ImageLayer> {
    const { openImage } = await import('./open-image.ts')
    return openImage(storage, access)
  },

  async build(storage: Storage, spec: CreateSpec): Promise<ImageBuilder> {
    const design = designOf(spec)
    if (design.subformat === 'fixed') {
      const { FixedBuilder } = await import('./fixed-builder.ts')
      return FixedBuilder.start(storage, design)
    }
    const { DynamicBuilder } = await import('./builder.ts')
    return new DynamicBuilder(storage, design)
  },

  blockSize(spec: CreateSpec): number {
    const { subformat, blockSize } = designOf(spec)
    return subformat === 'fixed' ? SECTOR : blockSize
  },

  measure(spec: CreateSpec, data: number): Measurement {
    return measureDesign(designOf(spec), data)
  },

  async checker(storage: Storage): Promise<Checker> {
    const { vpcChecker } = await import('./check/checker.ts')
    return vpcChecker(storage)
  },
}

function beginsWith(bytes: Uint8Array, offset: number, cookie: bigint): boolean {
  if (offset < 0 || offset + 8 > bytes.length) return false
  return new DataView(bytes.buffer, bytes.byteOffset).getBigUint64(offset) === cookie
}
