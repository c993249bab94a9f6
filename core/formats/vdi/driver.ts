// VDI: the format of VirtualBox.

import { readOnly } from '../../image/damage.ts'
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
import { KiB, roundUp } from '../../model/units.ts'
import type { Storage } from '../../storage/storage.ts'
import { dataOverlapsTables, openHeader } from './header.ts'
import { ENTRY_SIZE, HEADER, SIGNATURE, SIGNATURE_OFFSET } from './layout.ts'
import { designOf, options } from './options.ts'

/** What file systems give room in. */
const PAGE = 4 * KiB

export const vdiDriver: ImageDriver = {
  format: 'vdi',
  title: 'VDI',
  extensions: ['vdi'],
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
    if (head.length < SIGNATURE_OFFSET + 4) return 0
    return new DataView(head.buffer, head.byteOffset).getUint32(SIGNATURE_OFFSET, true) === SIGNATURE ? 100 : 0
  },

  async open(storage: Storage, _gate: OpenGate, access: Access): Promise<ImageLayer> {
    const opened = await openHeader(storage)
    const [{ VdiFile }, { VdiLayer }] = await Promise.all([import('./vdi-file.ts'), import('./layer.ts')])
    const file = new VdiFile(storage, opened)
    if (access === 'read') return new VdiLayer(file, {})
    if (dataOverlapsTables(opened.header)) {
      const { offset } = HEADER.fields.offset_data
      const refusal = readOnly(storage.name, 'has its data where its header or its block map is', offset)
      return new VdiLayer(file, { unwritable: refusal.toData() })
    }
    const [{ VdiWriter }, { VdiResizer }] = await Promise.all([import('./writer.ts'), import('./resizer.ts')])
    const writer = new VdiWriter(file)
    return new VdiLayer(file, { writer, resizer: new VdiResizer(file, writer) })
  },

  async build(storage: Storage, spec: CreateSpec): Promise<ImageBuilder> {
    const design = designOf(spec)
    const { VdiBuilder } = await import('./builder.ts')
    return VdiBuilder.start(storage, design)
  },

  blockSize(spec: CreateSpec): number {
    return designOf(spec).blockSize
  },

  measure(spec: CreateSpec, data: number): Measurement {
    const { fixed, blocks, blockSize, dataOffset } = designOf(spec)
    const disk = blocks * blockSize
    const fullyAllocated = dataOffset + disk
    const required = fixed ? fullyAllocated : dataOffset + Math.min(disk, roundUp(data, blockSize))
    const tables = PAGE + roundUp(blocks * ENTRY_SIZE, PAGE)
    return { required, fullyAllocated, initial: tables + (fixed ? disk : 0) }
  },

  async checker(storage: Storage): Promise<Checker> {
    const { vdiChecker } = await import('./check/checker.ts')
    return vdiChecker(storage)
  },
}
