// The internal snapshots of an open image: taking, applying, deleting and renaming them, and looking into one.

import type { ImageLayer, LayerWriter } from '../../image/driver.ts'
import type { SnapshotSpec, SnapshotTable } from '../../image/facets.ts'
import type { Pace } from '../../jobs/pace.ts'
import { SpindleError } from '../../model/error.ts'
import type { ErrorCode } from '../../model/error.ts'
import type { SnapshotFacts } from '../../model/image.ts'
import { damaged, printable } from './damage.ts'
import { geometryOf, l1Bytes } from './geometry.ts'
import type { ImageFile } from './image-file.ts'
import { AUTOCLEAR, L1_ENTRY_SIZE, MAX_L1_BYTES } from './layout.ts'
import type { OpenChanges } from './open-changes.ts'
import { encodeSnapshot, renamed } from './snapshot-entry.ts'
import type { Snapshot } from './snapshot-entry.ts'
import { SnapshotLayer } from './snapshot-layer.ts'
import { readSnapshots } from './snapshots.ts'
import { checkSnapshotRoom, roomOf, switchL1, switchSnapshots } from './switch.ts'
import { reclaim } from './reclaim.ts'
import { release, releaseRuns } from './release.ts'
import { checkRoomToShare, disownRoot, share } from './share.ts'
import { activeRoot, readRoot, sharedCopy } from './tree.ts'
import type { TreeWork } from './tree.ts'
import { writeState } from './vm-state.ts'

/** QEMU cuts longer names off, and then two may be the same. Bytes. */
const MAX_NAME = 255

/** What changing the table takes. */
export interface SnapshotWriting {
  readonly work: OpenChanges
  readonly writer: LayerWriter
}

interface Begun extends TreeWork {
  readonly snapshots: readonly Snapshot[]
  /** Bytes of the table on disk. */
  readonly length: number
}

export class Qcow2Snapshots implements SnapshotTable {
  readonly #layer: ImageLayer
  readonly #file: ImageFile
  readonly #writing: SnapshotWriting | undefined

  constructor(layer: ImageLayer, file: ImageFile, writing: SnapshotWriting | undefined) {
    this.#layer = layer
    this.#file = file
    this.#writing = writing
  }

  async list(): Promise<readonly SnapshotFacts[]> {
    return (await this.#read()).snapshots.map(({ facts }) => facts)
  }

  async create(spec: SnapshotSpec, pace?: Pace): Promise<SnapshotFacts> {
    const begun = await this.#begin(pace, 1)
    const { file, changes, snapshots, length } = begun
    const { geometry } = file
    if (geometry.externalData)
      throw this.#refusal(
        'unsupported',
        'keeps its data in a file of its own, which snapshots cannot share. Nothing was changed. Convert it to an image without a data file first',
      )
    const facts = { ...factsOf(spec, snapshots), virtualSize: geometry.virtualSize }
    if (!spec.copyOf) this.#checkName(facts.name, snapshots)
    checkSnapshotRoom(file, [...snapshots, encodeSnapshot({ facts, l1: { offset: 0, entries: 0 } })])
    // What lies above the disk is machine state from an earlier snapshot, and no part of this one.
    const root = { ...(await activeRoot(file)), end: geometry.tableCount }
    await checkRoomToShare(begun, root)
    await changes.whole(async () => {
      await disownRoot(begun)
      await share(begun, root)
      const state = spec.state ? await writeState(begun, spec.state) : []
      const l1 = sharedCopy(file, root, geometry.tableCount + state.length)
      const view = new DataView(l1.buffer)
      for (const [index, offset] of state.entries())
        view.setBigUint64((geometry.tableCount + index) * L1_ENTRY_SIZE, BigInt(offset))
      const place = { offset: l1.length === 0 ? 0 : await changes.place(l1), entries: l1.length / L1_ENTRY_SIZE }
      const old = await switchSnapshots(begun, [...snapshots, encodeSnapshot({ facts, l1: place })], length)
      await releaseRuns(begun, old)
    })
    return facts
  }

  async apply(id: string, pace?: Pace): Promise<void> {
    const begun = await this.#begin(pace, 2)
    const { file, changes } = begun
    const { header, geometry, storage } = file
    const { facts, l1 } = this.#find(id, begun.snapshots)
    if ((header.autoclear_features & AUTOCLEAR.bitmaps) !== 0n && (await this.#hasBitmaps()))
      throw this.#refusal(
        'unsupported',
        'has dirty bitmaps, which would no longer tell what has changed. Nothing was changed. Remove them before you apply a snapshot',
      )
    const size = facts.virtualSize ?? geometry.virtualSize
    const { tableCount } = geometryOf({ ...header, size })
    if (l1Bytes(tableCount) > MAX_L1_BYTES)
      throw damaged(
        storage.name,
        `its snapshot ${titleOf(facts)} is of a disk of ${size} bytes, larger than one can be`,
        header.snapshots_offset,
      )
    const whole = await readRoot(file, l1)
    const root = { ...whole, end: Math.min(whole.end, tableCount) }
    await checkRoomToShare(begun, root)
    await changes.whole(async () => {
      await share(begun, root)
      const before = await activeRoot(file)
      const room = await switchL1(begun, sharedCopy(file, root, tableCount), size)
      await release(begun, before)
      await releaseRuns(begun, room)
    })
  }

  async remove(id: string, pace?: Pace): Promise<void> {
    const begun = await this.#begin(pace, 2)
    const { file, changes, snapshots, length } = begun
    const gone = this.#find(id, snapshots)
    const root = await readRoot(file, gone.l1)
    await changes.whole(async () => {
      const left = snapshots.filter((one) => one !== gone)
      const room = await switchSnapshots(begun, left, length)
      await release(begun, root)
      await releaseRuns(begun, [...roomOf(file, gone.l1.offset, l1Bytes(gone.l1.entries)), ...room])
      await reclaim(begun)
    })
  }

  async rename(id: string, name: string): Promise<void> {
    const begun = await this.#begin(undefined, 1)
    const { file, changes, snapshots, length } = begun
    const old = this.#find(id, snapshots)
    if (old.facts.name === name) return
    this.#checkName(name, snapshots)
    const next = snapshots.map((one) => (one === old ? renamed(one, name) : one))
    checkSnapshotRoom(file, next)
    await changes.whole(async () => releaseRuns(begun, await switchSnapshots(begun, next, length)))
  }

  async open(id: string, part: 'disk' | 'state' = 'disk'): Promise<ImageLayer> {
    const { snapshots } = await this.#read()
    return SnapshotLayer.open(this.#layer, this.#file, this.#find(id, snapshots), part)
  }

  /** Everything written before is on disk when this returns. The work's paces add up to one over all its `passes`. */
  async #begin(pace: Pace | undefined, passes: number): Promise<Begun> {
    const { unwritable } = this.#layer
    if (unwritable) throw SpindleError.fromData(unwritable)
    if (!this.#writing) throw this.#refusal('access-denied', 'is open for reading only')
    await this.#writing.writer.flush()
    const changes = await this.#writing.work.changes()
    const { snapshots, length } = await this.#read()
    return {
      file: this.#file,
      changes,
      snapshots,
      length,
      ...(pace && { pace: (bytes: number) => pace(bytes / passes) }),
    }
  }

  async #read(): Promise<{ readonly snapshots: readonly Snapshot[]; readonly length: number }> {
    const { damage, ...table } = await readSnapshots(this.#file.storage, this.#file.header)
    if (damage) throw damage
    return table
  }

  async #hasBitmaps(): Promise<boolean> {
    return ((await this.#layer.describe()).bitmaps ?? []).length > 0
  }

  #find(id: string, snapshots: readonly Snapshot[]): Snapshot {
    const snapshot = snapshots.find(({ facts }) => facts.id === id)
    if (snapshot) return snapshot
    throw this.#refusal('not-found', `has no snapshot with the id “${printable(id)}”`)
  }

  #checkName(name: string, snapshots: readonly Snapshot[]): void {
    const length = Buffer.byteLength(name)
    if (length === 0 || length > MAX_NAME)
      throw new SpindleError(
        'invalid-argument',
        `A snapshot’s name is 1 to ${MAX_NAME} bytes long; this one has ${length}. Nothing was changed.`,
      )
    const taken = snapshots.find(({ facts }) => facts.name === name)
    if (taken)
      throw this.#refusal(
        'exists',
        `has a snapshot named “${printable(name)}” already, with the id ${printable(taken.facts.id)}. Nothing was changed. Choose another name`,
      )
  }

  /** `what` is a clause that follows the path, without its full stop. */
  #refusal(code: ErrorCode, what: string): SpindleError {
    const { name } = this.#file.storage
    return new SpindleError(code, `${name} ${what}.`, { path: name })
  }
}

function titleOf({ id, name }: SnapshotFacts): string {
  return `“${printable(name)}” (${printable(id)})`
}

function factsOf({ name, createdAt, copyOf, state }: SnapshotSpec, snapshots: readonly Snapshot[]): SnapshotFacts {
  const taken = new Set(snapshots.map(({ facts }) => facts.id))
  const id = copyOf && copyOf.id !== '' && !taken.has(copyOf.id) ? copyOf.id : nextId(taken)
  // qemu-img notes instruction count 0, and its list shows that.
  const fresh = { createdAt, nanoseconds: (createdAt % 1000) * 1e6, vmClockNanoseconds: 0, icount: 0 }
  return { ...(copyOf ?? fresh), id, name, vmStateSize: state?.size ?? 0 }
}

/** One more than the largest, as QEMU counts. */
function nextId(taken: ReadonlySet<string>): string {
  const numbers = [...taken].map((id) => Number(/^\d{1,15}/.exec(id)?.[0] ?? 0))
  let next = 1 + numbers.reduce((most, one) => Math.max(most, one), 0)
  while (taken.has(String(next))) next += 1
  return String(next)
}
