// A qcow2 image in memory whose snapshot table can be rewritten as other programs might have written it.

import { openDisk } from '../../core/image/chain.ts'
import type { ImageLayer } from '../../core/image/driver.ts'
import type { SnapshotTable } from '../../core/image/facets.ts'
import type { VirtualDisk } from '../../core/image/virtual-disk.ts'
import { drivers } from '../../core/formats/index.ts'
import { qcow2Driver } from '../../core/formats/qcow2/driver.ts'
import { decodeHeader } from '../../core/formats/qcow2/header.ts'
import { SNAPSHOT_ENTRY } from '../../core/formats/qcow2/layout.ts'
import { KiB, MiB } from '../../core/model/units.ts'
import type { MemoryStorage } from '../../core/storage/memory.ts'
import type { Storage } from '../../core/storage/storage.ts'
import { RecordingStorage } from './faulty-storage.ts'
import { MemoryFolder } from './memory-gate.ts'

interface EntryFields {
  readonly id: string
  readonly name: string
  readonly extra: Uint8Array
  /** Host bytes. */
  readonly l1: number
}

export class SnapshotImage {
  readonly folder = new MemoryFolder()
  file: MemoryStorage
  #bytes: Uint8Array = new Uint8Array(0)

  constructor(content: Uint8Array) {
    this.file = this.folder.add('disk', content)
  }

  bytes(): Uint8Array {
    return this.#bytes
  }

  replace(content: Uint8Array): void {
    this.folder.files.delete('disk')
    this.file = this.folder.add('disk', content)
    this.#bytes = content.slice()
  }

  async disk(work: (disk: VirtualDisk) => Promise<void>): Promise<void> {
    {
      await using disk = await this.#open(this.file)
      await work(disk)
    }
    this.#bytes = await this.file.bytes()
  }

  async snapshots<T>(work: (table: SnapshotTable) => Promise<T>): Promise<T> {
    try {
      await using disk = await this.#open(this.file)
      return await work(tableOf(disk.top))
    } finally {
      this.#bytes = await this.file.bytes()
    }
  }

  /** The sentence of the refusal, which must have changed nothing. */
  async refused(work: (table: SnapshotTable) => Promise<unknown>): Promise<string> {
    const recording = await RecordingStorage.over(this.file)
    await using disk = await this.#open(recording)
    const error: unknown = await work(tableOf(disk.top)).then(
      () => undefined,
      (thrown: unknown) => thrown,
    )
    const changes = recording.log.filter(({ kind }) => kind !== 'flush')
    if (!(error instanceof Error) || changes.length > 0) throw new Error(`not refused, or ${changes.length} changes`)
    return error.message
  }

  async list() {
    return this.snapshots((table) => table.list())
  }

  async read(id?: string, part?: 'disk' | 'state'): Promise<Uint8Array> {
    const snapshot = id === undefined ? {} : { snapshot: { id, ...(part && { part }) } }
    const how = { drivers, gate: this.folder, format: 'qcow2', access: 'read', ...snapshot } as const
    await using disk = await openDisk(this.file, how)
    const bytes = new Uint8Array(disk.size)
    await disk.read(0, bytes)
    return bytes
  }

  async damage(): Promise<string | undefined> {
    const checker = await qcow2Driver.checker?.(this.file)
    const report = await checker?.check()
    if (!report || report.totals.corruptions + report.totals.leaks === 0) return undefined
    return report.findings.map(({ message }) => message).join('\n')
  }

  /** The first entry of the table. */
  entry(): EntryFields {
    const start = this.#tableOffset()
    const bytes = this.#bytes.subarray(start)
    const fields = SNAPSHOT_ENTRY.decode(bytes, { path: 'disk', offset: start })
    const idStart = SNAPSHOT_ENTRY.size + fields.extra_data_size
    const nameStart = idStart + fields.id_str_size
    return {
      extra: bytes.slice(SNAPSHOT_ENTRY.size, idStart),
      id: new TextDecoder().decode(bytes.subarray(idStart, nameStart)),
      name: new TextDecoder().decode(bytes.subarray(nameStart, nameStart + fields.name_size)),
      l1: fields.l1_table_offset,
    }
  }

  /** Rewrites the first entry; those behind it move. */
  patchEntry(change: (fields: EntryFields) => EntryFields): void {
    const start = this.#tableOffset()
    const bytes = this.#bytes.subarray(start)
    const old = SNAPSHOT_ENTRY.decode(bytes, { path: 'disk', offset: start })
    const length = padded(SNAPSHOT_ENTRY.size + old.extra_data_size + old.id_str_size + old.name_size)
    const { id, name, extra } = change(this.entry())
    const head = SNAPSHOT_ENTRY.encode({
      ...old,
      extra_data_size: extra.length,
      id_str_size: id.length,
      name_size: name.length,
    })
    const entry = Buffer.concat([head, extra, Buffer.from(id), Buffer.from(name)])
    const next = new Uint8Array(4 * KiB)
    next.set(entry)
    next.set(bytes.subarray(length, length + 512), padded(entry.length))
    const content = new Uint8Array(Math.max(this.#bytes.length, start + next.length))
    content.set(this.#bytes)
    content.set(next, start)
    this.replace(content)
  }

  #tableOffset(): number {
    return decodeHeader(this.#bytes, 'disk').snapshots_offset
  }

  #open(storage: Storage): Promise<VirtualDisk> {
    return openDisk(storage, { drivers, gate: this.folder, format: 'qcow2', access: 'write' })
  }
}

export function imageOf(content: Uint8Array): SnapshotImage {
  const image = new SnapshotImage(content)
  image.replace(content)
  return image
}

export async function newImage(options: Record<string, number | string>, virtualSize = MiB): Promise<SnapshotImage> {
  const image = imageOf(new Uint8Array(0))
  await (await qcow2Driver.build(image.file, { virtualSize, options }, image.folder)).finish()
  image.replace(await image.file.bytes())
  return image
}

function tableOf({ snapshots }: ImageLayer): SnapshotTable {
  if (!snapshots) throw new Error('no snapshots')
  return snapshots
}

function padded(length: number): number {
  return Math.ceil(length / 8) * 8
}
