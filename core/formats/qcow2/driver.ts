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
import { SpindleError } from '../../model/error.ts'
import type { Checker } from '../../image/facets.ts'
import type { BitmapFacts } from '../../model/image.ts'
import type { Storage } from '../../storage/storage.ts'
import { Qcow2Builder } from './builder.ts'
import { readOnly } from './damage.ts'
import { ImageFile } from './image-file.ts'
import { Qcow2Layer } from './layer.ts'
import { CRYPT, HEADER, INCOMPATIBLE, MAGIC } from './layout.ts'
import type { HeaderFields } from './layout.ts'
import { measureBitmaps, measureDesign } from './measure.ts'
import { OpenChanges } from './open-changes.ts'
import { openHeader } from './open.ts'
import { designOf, options } from './options.ts'
import { Qcow2Writer } from './writer.ts'

export const qcow2Driver: ImageDriver = {
  format: 'qcow2',
  title: 'QCOW2',
  extensions: ['qcow2', 'qcow'],
  capabilities: {
    create: true,
    write: true,
    backing: true,
    compress: true,
    snapshots: true,
    resize: true,
    bitmaps: true,
  },
  options,

  probe(head: Uint8Array): Confidence {
    if (head.length < 4) return 0
    return new DataView(head.buffer, head.byteOffset).getUint32(0) === MAGIC ? 100 : 0
  },

  async open(storage: Storage, gate: OpenGate, access: Access): Promise<ImageLayer> {
    let opened = await openHeader(storage, gate, access)
    if (access === 'write' && isUnclean(opened.header)) {
      await opened.dataFile?.close()
      const { mend } = await import('./check/repair.ts')
      await mend(storage)
      opened = await openHeader(storage, gate, access)
    }
    const file = new ImageFile(storage, opened.dataStorage, opened)
    if (access === 'read') return new Qcow2Layer(file, opened, {})
    const unwritable = unwritableBy(opened.header, storage.name)
    if (unwritable) return new Qcow2Layer(file, opened, { unwritable: unwritable.toData() })
    const work = new OpenChanges(file)
    const parts = { work, writer: new Qcow2Writer(file, work, opened.backing !== undefined) }
    return new Qcow2Layer(file, opened, opened.unreadable ? { amending: parts } : { parts })
  },

  async build(storage: Storage, spec: CreateSpec, gate: OpenGate): Promise<ImageBuilder> {
    const design = designOf(spec)
    const dataFile = design.dataFile ? await gate.create(design.dataFile.name, storage) : undefined
    return Qcow2Builder.start({ storage, dataFile, gate }, design, spec)
  },

  measure(spec: CreateSpec, data: number): Measurement {
    return measureDesign(designOf(spec), data)
  },

  measureBitmaps(spec: CreateSpec, bitmaps: readonly BitmapFacts[]): number | undefined {
    return measureBitmaps(designOf(spec), bitmaps)
  },

  async checker(storage: Storage): Promise<Checker> {
    const { qcow2Checker } = await import('./check/checker.ts')
    return qcow2Checker(storage)
  },
}

/** Left open by a program that may have put off counting; one that is marked as damaged is not touched unasked. */
function isUnclean({ incompatible_features: features }: HeaderFields): boolean {
  return (features & INCOMPATIBLE.dirty) !== 0n && (features & INCOMPATIBLE.corrupt) === 0n
}

/** What the header says that forbids writing before a repair. */
function unwritableBy(
  { incompatible_features: features, crypt_method }: HeaderFields,
  path: string,
): SpindleError | undefined {
  const { offset } = HEADER.fields.incompatible_features
  if (crypt_method === CRYPT.aes)
    return new SpindleError(
      'unsupported',
      `${path} is encrypted in the old way, which protects badly, and Spindle only reads it. Convert it to a new image with encrypt.format=luks.`,
      { path, offset: HEADER.fields.crypt_method.offset },
    )
  if (features & INCOMPATIBLE.corrupt)
    return readOnly(path, 'is marked as damaged by the program that wrote it last', offset)
  if (features & INCOMPATIBLE.dirty)
    return readOnly(path, 'was not closed properly, and not all of its tables could be put right', offset)
  return undefined
}
