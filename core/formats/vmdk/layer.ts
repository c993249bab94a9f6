// An open VMDK: one descriptor, and parts that follow each other.

import type { Access, ImageLayer, LayerWriter } from '../../image/driver.ts'
import type { Extent } from '../../image/extent.ts'
import type { BackingLink, Resizer } from '../../image/facets.ts'
import { SpindleError } from '../../model/error.ts'
import type { ErrorData } from '../../model/error.ts'
import type { BackingRef, Details } from '../../model/image.ts'
import type { Storage } from '../../storage/storage.ts'
import { VmdkBackingLink } from './backing-link.ts'
import { detailsOf } from './describe.ts'
import type { Descriptor } from './descriptor.ts'
import type { Opened } from './open.ts'
import { mapPart, partAt } from './part.ts'
import { VmdkResizer } from './resizer.ts'
import { VmdkWriter } from './writer.ts'

export class VmdkLayer implements ImageLayer {
  readonly format = 'vmdk'
  readonly storage: Storage
  readonly virtualSize: number
  readonly blockSize: number
  readonly backing?: BackingRef
  readonly identity?: string
  readonly files: readonly Storage[]
  readonly unreadable?: ErrorData
  readonly writer?: LayerWriter
  readonly unwritable?: ErrorData
  readonly resizer?: Resizer
  readonly backingLink?: BackingLink
  readonly #opened: Opened

  constructor(storage: Storage, opened: Opened, access: Access) {
    this.storage = storage
    this.#opened = opened
    this.virtualSize = opened.virtualSize
    this.blockSize = Math.max(
      1,
      ...opened.parts.map((part) => (part.kind === 'sparse' ? part.tables.shape.grainSize : 1)),
    )
    this.files = opened.files
    const { descriptor, unreadable } = opened
    const backing = backingOf(descriptor)
    if (backing) this.backing = backing
    if (descriptor.contentId !== undefined) this.identity = descriptor.contentId
    if (unreadable) this.unreadable = unreadable
    if (access === 'read' || unreadable) return
    const unwritable = unwritableBy(opened, storage.name)
    if (unwritable) {
      this.unwritable = unwritable.toData()
      return
    }
    const writer = new VmdkWriter(storage, opened)
    this.writer = writer
    this.resizer = new VmdkResizer(storage, opened)
    // Flat parts cover everything below, so nothing can lie there.
    if (opened.parts.every(({ kind }) => kind === 'sparse'))
      this.backingLink = new VmdkBackingLink(storage, opened, writer)
  }

  async describe(): Promise<Details> {
    return detailsOf(this.storage, this.#opened)
  }

  async map(offset: number, length: number): Promise<readonly Extent[]> {
    if (this.unreadable) throw SpindleError.fromData(this.unreadable)
    const part = partAt(this.#opened.parts, offset)
    if (!part) throw new SpindleError('internal', `${this.storage.name} has no part at ${offset}`)
    const at = offset - part.start
    const list = await mapPart(part, at, Math.min(length, part.length - at))
    return list.toArray()
  }

  async close(): Promise<void> {
    for (const file of this.files) await file.close()
    await this.storage.close()
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close()
  }
}

/** Where a delta was moved to another folder, or comes from another system, its parent may still lie beside it. */
function backingOf({ parent }: Descriptor): BackingRef | undefined {
  if (!parent) return undefined
  const identity = parent.contentId
  const anywhere = `uuid:${identity}`
  if (parent.name === '') return { path: anywhere, format: 'vmdk', identity }
  const base = parent.name.split(/[/\\]/).at(-1) ?? ''
  const alternatives = [...(base === parent.name || base === '' ? [] : [base]), anywhere]
  return { path: parent.name, alternatives, format: 'vmdk', identity }
}

function unwritableBy({ parts }: Opened, path: string): SpindleError | undefined {
  const refuse = (why: string) =>
    new SpindleError(
      'unsupported',
      `${path} ${why}. It is open for reading only; convert it to a disk that grows first.`,
      {
        path,
      },
    )
  for (const part of parts) {
    const readOnly = part.kind === 'sparse' ? part.tables.shape.readOnly : undefined
    if (readOnly !== undefined) return refuse(readOnly)
    if (part.kind === 'zero' || part.access !== 'RW')
      return refuse('has parts that its descriptor allows no one to write')
  }
  return undefined
}
