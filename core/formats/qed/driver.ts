// QED: what QEMU had between qcow2’s versions. Simple tables, no reference counts.

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
import { roundUp } from '../../model/units.ts'
import type { Storage } from '../../storage/storage.ts'
import { openHeader } from './header.ts'
import { FEATURE, HEADER, MAGIC } from './layout.ts'
import { designOf, options } from './options.ts'

/** What file systems give room in. */
const PAGE = 4096

export const qedDriver: ImageDriver = {
  format: 'qed',
  title: 'QED',
  extensions: ['qed'],
  capabilities: {
    create: true,
    write: true,
    backing: true,
    compress: false,
    snapshots: false,
    resize: true,
    bitmaps: false,
  },
  options,

  probe(head: Uint8Array): Confidence {
    if (head.length < HEADER.size) return 0
    return new DataView(head.buffer, head.byteOffset).getUint32(0, true) === MAGIC ? 100 : 0
  },

  async open(storage: Storage, _gate: OpenGate, access: Access): Promise<ImageLayer> {
    const opened = await openHeader(storage)
    const { backing } = opened
    const [{ QedFile }, { QedLayer }] = await Promise.all([import('./qed-file.ts'), import('./layer.ts')])
    const file = new QedFile(storage, opened)
    if (access === 'read') return new QedLayer(file, backing, {})
    if ((opened.header.features & FEATURE.needCheck) !== 0n) {
      const { examine } = await import('./check/examine.ts')
      const { findings, end } = await examine(file)
      if (findings.count('error') > 0) {
        const refusal = readOnly(storage.name, 'was not closed properly and is damaged', HEADER.fields.features.offset)
        return new QedLayer(file, backing, { unwritable: refusal.toData() })
      }
      // What was given out last and leads nowhere is free again.
      file.size = end
    }
    const [{ QedWriter }, { QedResizer }, { QedBackingLink }] = await Promise.all([
      import('./writer.ts'),
      import('./resizer.ts'),
      import('./backing-link.ts'),
    ])
    const writer = new QedWriter(file, backing !== undefined)
    const [resizer, backingLink] = [new QedResizer(file, writer), new QedBackingLink(file, writer)]
    return new QedLayer(file, backing, { writer, resizer, backingLink })
  },

  async build(storage: Storage, spec: CreateSpec): Promise<ImageBuilder> {
    const design = designOf(spec)
    const { QedBuilder } = await import('./builder.ts')
    return new QedBuilder(storage, design)
  },

  blockSize(spec: CreateSpec): number {
    return designOf(spec).geometry.clusterSize
  },

  /** Of the tables, as many as there are, or as there is data for. */
  measure(spec: CreateSpec, data: number): Measurement {
    const { geometry, virtualSize } = designOf(spec)
    const { clusterSize, tableSize, tableSpan } = geometry
    const head = clusterSize + tableSize
    const sizeFor = (bytes: number): number => {
      const clusters = Math.ceil(bytes / clusterSize)
      return head + Math.min(Math.ceil(virtualSize / tableSpan), clusters) * tableSize + clusters * clusterSize
    }
    const disk = roundUp(virtualSize, clusterSize)
    return { required: sizeFor(Math.min(data, disk)), fullyAllocated: sizeFor(disk), initial: PAGE }
  },

  async checker(storage: Storage): Promise<Checker> {
    const { qedChecker } = await import('./check/checker.ts')
    return qedChecker(storage)
  },
}
