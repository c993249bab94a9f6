// An image with snapshots, and in memory what the disk and every one of its snapshots must read as.

import { createHash } from 'node:crypto'
import { openDisk } from '../../core/image/chain.ts'
import type { CreateSpec } from '../../core/image/driver.ts'
import type { VirtualDisk } from '../../core/image/virtual-disk.ts'
import { drivers } from '../../core/formats/index.ts'
import { qcow2Driver } from '../../core/formats/qcow2/driver.ts'
import type { SnapshotFacts } from '../../core/model/image.ts'
import type { Preallocation } from '../../core/model/job.ts'
import { resizeImage } from '../../core/operations/resize-image.ts'
import type { Storage } from '../../core/storage/storage.ts'
import { DiskModel, firstDifference, randomStep } from './disk-model.ts'
import { MemoryFolder } from './memory-gate.ts'
import type { Random } from './seeds.ts'

export type ImageStep =
  | { readonly kind: 'work'; readonly count: number }
  | { readonly kind: 'create'; readonly name: string }
  | { readonly kind: 'apply' | 'remove'; readonly index: number }
  | { readonly kind: 'rename'; readonly index: number; readonly name: string }
  | { readonly kind: 'resize'; readonly size: number; readonly preallocation: Preallocation }

interface Frozen {
  readonly id: string
  name: string
  readonly bytes: Uint8Array
}

export interface StatesSpec {
  readonly options: CreateSpec['options']
  /** Bytes. */
  readonly size: number
  /** What lies below, as a raw disk. */
  readonly below?: Uint8Array
}

/** Sizes are those of the disk in sectors: the unit work is done in is near the cluster size. */
const SECTOR = 512

export class ImageStates {
  readonly folder = new MemoryFolder()
  readonly spec: StatesSpec
  readonly snapshots: Frozen[] = []
  /** What changes the image; another storage in front of the file's own, where a test wants one. */
  storage: Storage
  #model: DiskModel
  #names = 0

  private constructor(spec: StatesSpec) {
    this.spec = spec
    this.#model = new DiskModel(spec.size, spec.below)
    this.storage = this.folder.add('disk')
    if (spec.below) this.folder.add('base', spec.below)
  }

  static async create(spec: StatesSpec): Promise<ImageStates> {
    const states = new ImageStates(spec)
    const backing = spec.below && { backing: { path: 'base', format: 'raw' } }
    const create = { virtualSize: spec.size, options: spec.options, ...backing }
    await (await qcow2Driver.build(states.storage, create, states.folder)).finish()
    return states
  }

  get size(): number {
    return this.#model.bytes.length
  }

  /** A copy of what the disk must read as. */
  get bytes(): Uint8Array {
    return this.#model.bytes.slice()
  }

  async open(): Promise<VirtualDisk> {
    return openDisk(this.storage, { drivers, gate: this.folder, format: 'qcow2', access: 'write' })
  }

  /** The disk now, or as a snapshot has it, from any storage that holds the image. */
  async read(storage: Storage = this.storage, id?: string): Promise<Uint8Array> {
    const snapshot = id === undefined ? {} : { snapshot: { id } }
    await using disk = await openDisk(storage, {
      drivers,
      gate: this.folder,
      format: 'qcow2',
      access: 'read',
      ...snapshot,
    })
    const bytes = new Uint8Array(disk.size)
    await disk.read(0, bytes)
    return bytes
  }

  /** Does the step on the image and here. `random` makes the writes of a piece of work. */
  async do(step: ImageStep, random: Random): Promise<void> {
    switch (step.kind) {
      case 'work':
        await this.#work(step.count, random)
        break
      case 'create': {
        const id = await this.perform(step)
        this.snapshots.push({ id, name: step.name, bytes: this.bytes })
        break
      }
      case 'apply':
        await this.perform(step)
        this.#become(this.#at(step.index).bytes)
        break
      case 'remove':
        await this.perform(step)
        this.snapshots.splice(step.index, 1)
        break
      case 'rename':
        await this.perform(step)
        this.#at(step.index).name = step.name
        break
      case 'resize': {
        await this.perform(step)
        const bytes = new Uint8Array(step.size)
        bytes.set(this.#model.bytes.subarray(0, step.size))
        this.#become(bytes)
      }
    }
  }

  /** Does the step on the image alone. Returns the id of a snapshot that was taken, or else nothing. */
  async perform(step: Exclude<ImageStep, { kind: 'work' }>): Promise<string> {
    if (step.kind === 'resize') {
      const { size: virtualSize, preallocation } = step
      if (virtualSize !== this.size)
        await resizeImage({ virtualSize, preallocation, open: () => this.open(), pace: () => undefined })
      return ''
    }
    await using disk = await this.open()
    const table = disk.top.snapshots
    if (!table) throw new Error('no snapshots')
    if (step.kind === 'create') return (await table.create({ name: step.name, createdAt: 1_700_000_000_123 })).id
    const id = (await table.list())[step.index]?.id ?? ''
    if (step.kind === 'rename') await table.rename(id, step.name)
    else if (step.kind === 'apply') await table.apply(id)
    else await table.remove(id)
    return ''
  }

  async list(): Promise<readonly SnapshotFacts[]> {
    await using disk = await this.open()
    return (await disk.top.snapshots?.list()) ?? []
  }

  /** Everything the image in `storage` holds, as one word for each state: equal exactly where all of it is. */
  async digest(storage: Storage = this.storage): Promise<string> {
    await using disk = await openDisk(storage, { drivers, gate: this.folder, format: 'qcow2', access: 'read' })
    const snapshots = (await disk.top.snapshots?.list()) ?? []
    const words = [hashOf(await this.read(storage))]
    for (const { id, name } of snapshots) words.push(`${id} ${name} ${hashOf(await this.read(storage, id))}`)
    return words.join('\n')
  }

  /** One of the steps that are possible now. */
  randomStep(random: Random): ImageStep {
    const { length } = this.snapshots
    const chance = random.below(100)
    if (chance < 45) return { kind: 'work', count: 1 + random.below(12) }
    if (chance < 62 && length < 6) return { kind: 'create', name: `s${(this.#names += 1)}` }
    if (chance < 75 && length > 0) return { kind: 'apply', index: random.below(length) }
    if (chance < 84 && length > 0) return { kind: 'remove', index: random.below(length) }
    if (chance < 87 && length > 0)
      return {
        kind: 'rename',
        index: random.below(length),
        name: `r${(this.#names += 1)}${'x'.repeat(random.below(200))}`,
      }
    // Version 2 has no way to say how large the disk was.
    if (this.spec.options['compat'] === '0.10' && length > 0) return { kind: 'work', count: 3 }
    const size = this.#randomSize(random)
    const preallocation =
      size > this.size ? random.pick<Preallocation>(['off', 'off', 'metadata', 'falloc', 'full']) : 'off'
    return { kind: 'resize', size, preallocation }
  }

  /** Where something is not as it must be, in words. */
  async difference(storage: Storage = this.storage): Promise<string | undefined> {
    const disk = firstDifference(await this.read(storage), this.#model.bytes)
    if (disk !== undefined) return `the disk: ${disk}`
    for (const { id, bytes } of this.snapshots) {
      const found = firstDifference(await this.read(storage, id), bytes)
      if (found !== undefined) return `snapshot ${id}: ${found}`
    }
    return undefined
  }

  /** What a check finds, leaks included, in words. */
  async damage(storage: Storage = this.storage): Promise<string | undefined> {
    const checker = await qcow2Driver.checker?.(storage)
    const report = await checker?.check()
    if (!report || report.totals.corruptions + report.totals.leaks + report.totals.checkErrors === 0) return undefined
    return report.findings.map(({ message }) => message).join('\n')
  }

  async #work(count: number, random: Random): Promise<void> {
    const block = Number(this.spec.options['cluster_size'] ?? 65_536)
    await using disk = await this.open()
    for (let step = 0; step < count; step += 1) await this.#model.apply(disk, randomStep(random, this.size, block))
  }

  /** Discarded bytes may show what lies below, but not in the part that a shorter disk has once lacked. */
  #become(bytes: Uint8Array): void {
    this.#model = new DiskModel(bytes.length, this.spec.below)
    this.#model.bytes.set(bytes)
  }

  #randomSize(random: Random): number {
    const most = this.spec.size * 2
    const cluster = Number(this.spec.options['cluster_size'] ?? 65_536)
    const size = random.happens(0.5)
      ? SECTOR * (1 + random.below(most / SECTOR))
      : cluster * (1 + random.below(Math.ceil(most / cluster)))
    return size === this.size ? size + SECTOR : size
  }

  #at(index: number): Frozen {
    const snapshot = this.snapshots[index]
    if (!snapshot) throw new Error(`there is no snapshot ${index}`)
    return snapshot
  }
}

function hashOf(bytes: Uint8Array): string {
  return `${bytes.length} ${createHash('sha256').update(bytes).digest('hex')}`
}
