// Changing which image lies below an open one, and dropping what covers it.

import type { BackingLink } from '../../image/facets.ts'
import type { Pace } from '../../jobs/pace.ts'
import { SpindleError } from '../../model/error.ts'
import type { BackingRef } from '../../model/image.ts'
import { formatSize } from '../../model/units.ts'
import { readPadded } from '../../storage/storage.ts'
import { cutFile, dropFrom } from './cut.ts'
import { encodeExtensions, listExtensions } from './extensions.ts'
import type { Extension } from './extensions.ts'
import type { ImageFile } from './image-file.ts'
import { AUTOCLEAR, EXTENSION, HEADER, MAX_BACKING_FORMAT, MAX_BACKING_NAME } from './layout.ts'
import type { SnapshotWriting } from './snapshot-table.ts'

export class Qcow2BackingLink implements BackingLink {
  readonly #file: ImageFile
  readonly #writing: SnapshotWriting

  constructor(file: ImageFile, writing: SnapshotWriting) {
    this.#file = file
    this.#writing = writing
  }

  async setBacking(backing: BackingRef | undefined): Promise<void> {
    const { storage, header } = this.#file
    if (backing && (header.autoclear_features & AUTOCLEAR.rawExternalData) !== 0n)
      throw this.#refusal('keeps its data in a raw file, which holds all of the disk: nothing can lie below it')
    const start = header.header_length
    const first = new Uint8Array(this.#file.geometry.clusterSize)
    await readPadded(storage, 0, first)
    const extensions = encodeExtensions(changedExtensions(this.#extensions(first), backing))
    const name = new TextEncoder().encode(backing?.path ?? '')
    const nameOffset = start + extensions.length
    const end = nameOffset + name.length
    const room = Math.min(MAX_BACKING_NAME, first.length - nameOffset)
    if (name.length > room)
      throw this.#refusal(
        `has no room for the name of that backing file in its first cluster of ${formatSize(first.length)}: it is ${name.length} bytes long, and ${Math.max(0, room)} fit`,
      )
    await this.#writing.writer.flush()
    const changes = await this.#writing.work.changes()
    await changes.whole(async () => {
      const { backing_file_offset: oldOffset, backing_file_size: oldSize } = this.#file.header
      // What the writer has just changed of the header is in there as well.
      await readPadded(storage, 0, first)
      first.fill(0, start, Math.max(end, oldOffset + oldSize))
      first.set(extensions, start)
      first.set(name, nameOffset)
      const { backing_file_offset: at, backing_file_size: lengthAt } = HEADER.fields
      const view = new DataView(first.buffer)
      view.setBigUint64(at.offset, backing ? BigInt(nameOffset) : 0n)
      view.setUint32(lengthAt.offset, name.length)
      await storage.write(0, first.subarray(0, Math.max(end, oldOffset + oldSize)))
      await storage.flush()
    })
  }

  async empty(pace?: Pace): Promise<void> {
    await this.#writing.writer.flush()
    const changes = await this.#writing.work.changes()
    const work = { file: this.#file, changes, pace }
    await changes.whole(async () => {
      await dropFrom(work, 0)
      await cutFile(work)
    })
  }

  #extensions(first: Uint8Array): readonly Extension[] {
    const { storage, header, geometry } = this.#file
    const { header_length: start, backing_file_offset: nameOffset } = header
    return listExtensions({
      bytes: first.subarray(start, nameOffset === 0 ? geometry.clusterSize : nameOffset),
      offset: start,
      path: storage.name,
      clusterSize: geometry.clusterSize,
    })
  }

  /** `what` is a clause that follows the path, without its full stop. */
  #refusal(what: string): SpindleError {
    const { name } = this.#file.storage
    return new SpindleError('unsupported', `${name} ${what}. Nothing was changed.`, { path: name })
  }
}

/** The format first, as QEMU has it; everything else stays as it is and in its order. */
function changedExtensions(old: readonly Extension[], backing: BackingRef | undefined): readonly Extension[] {
  const others = old.filter(({ type }) => type !== EXTENSION.backingFormat)
  if (backing?.format === undefined) return others
  const data = new TextEncoder().encode(backing.format).subarray(0, MAX_BACKING_FORMAT)
  return [{ type: EXTENSION.backingFormat, data }, ...others]
}
