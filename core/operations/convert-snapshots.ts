// The snapshots of an image in the making, taken one after the other as they were taken of the original.

import { openDisk } from '../image/chain.ts'
import type { ImageDriver } from '../image/driver.ts'
import type { VirtualDisk } from '../image/virtual-disk.ts'
import type { Pace } from '../jobs/pace.ts'
import { SpindleError } from '../model/error.ts'
import type { Details, SnapshotFacts } from '../model/image.ts'
import type { ConvertJob } from '../model/job.ts'
import { MiB } from '../model/units.ts'
import { differencesOf, planComparison } from '../transfer/compare.ts'
import { isZero } from '../transfer/zeros.ts'
import { diskSize } from './new-image.ts'
import { asksForGzip } from './packed-target.ts'
import { openSource } from './parts.ts'
import type { Parts } from './parts.ts'
import { resizeImage } from './resize-image.ts'
import type { Target } from './target.ts'

export interface SnapshotCopy {
  readonly job: ConvertJob
  readonly parts: Parts
  /** Oldest first; none when they are not to come along. */
  readonly snapshots: readonly SnapshotFacts[]
  /** The disk as it is now. */
  readonly source: VirtualDisk
}

/** Throws `invalid-argument` where the request makes no sense. */
export function checkKeepsSnapshots(job: ConvertJob, { capabilities, title }: ImageDriver): void {
  if (!capabilities.snapshots)
    refuse(`Images in ${title} format have no snapshots inside. Choose a format that has them.`)
  if (job.compress) refuse('An image that keeps its snapshots cannot be compressed on the way. Leave one of them out.')
  if (job.snapshot !== undefined) refuse('Convert one snapshot, or keep all of them.')
  if ((job.options['data_file'] ?? '') !== '') refuse('An image with an external data file cannot have snapshots.')
}

/** Those that come along. */
export function keptSnapshots({ keepSnapshots }: ConvertJob, [top]: readonly Details[]): readonly SnapshotFacts[] {
  return keepSnapshots === true ? (top?.snapshots ?? []) : []
}

/** Bytes that copySnapshots will have to look at. */
export async function bytesToCompare(copy: SnapshotCopy, pace: Pace): Promise<number> {
  let total = 0
  for await (const { before, after } of transitions(copy)) total += await planComparison(before, after, pace)
  return total
}

/** The target holds the disk of the oldest snapshot already, and is whole. */
export async function copySnapshots(
  copy: SnapshotCopy,
  target: Target,
  { pace, signal }: { readonly pace: Pace; readonly signal: AbortSignal },
): Promise<void> {
  const { job, parts, snapshots } = copy
  const { pool } = parts
  const turns: Pace = () => pace(0)
  const open = async (): Promise<VirtualDisk> =>
    openDisk(await target.reopen('write'), { ...parts, gate: target.gate, format: job.format, access: 'write' })
  const freeze = async (facts: SnapshotFacts): Promise<void> => {
    await using disk = await open()
    await using state = facts.vmStateSize > 0 ? await openPart(copy, facts.id, 'state') : undefined
    const spec = { name: facts.name, createdAt: facts.createdAt, copyOf: facts, ...(state && { state }) }
    await disk.top.snapshots?.create(spec, turns)
  }
  const [oldest] = snapshots
  if (oldest) await freeze(oldest)
  for await (const { before, after, facts } of transitions(copy)) {
    const virtualSize = diskSize(after.size)
    if (virtualSize !== diskSize(before.size))
      await resizeImage({ virtualSize, preallocation: 'off', open, pace: turns })
    {
      await using disk = await open()
      for await (const { offset, length } of differencesOf(before, after, { pace, signal, ...(pool && { pool }) }))
        await copyRange(after, disk, offset, Math.min(offset + length, after.size))
    }
    if (facts) await freeze(facts)
  }
}

/** Calls for each state of the disk, and each machine state, with the original and its copy. */
export async function* copies(
  copy: SnapshotCopy,
  target: Target,
): AsyncGenerator<readonly [original: VirtualDisk, copied: VirtualDisk], void, undefined> {
  const { job, parts, snapshots, source } = copy
  const how = { ...parts, gate: target.gate, format: job.format, access: 'read' } as const
  const whole = asksForGzip(job) ? await (await import('./convert-gzip.ts')).reopenGzip(target) : undefined
  await using active = await openDisk(whole ?? (await target.reopen('read')), how)
  yield [source, active]
  const made = (await active.top.describe()).snapshots ?? []
  for (const [index, { id, vmStateSize }] of snapshots.entries()) {
    const copyId = made[index]?.id ?? id
    for (const part of vmStateSize > 0 ? (['disk', 'state'] as const) : (['disk'] as const)) {
      await using original = await openPart(copy, id, part)
      await using copied = await openDisk(await target.reopen('read'), { ...how, snapshot: { id: copyId, part } })
      yield [original, copied]
    }
  }
}

function refuse(message: string): never {
  throw new SpindleError('invalid-argument', message)
}

function openPart({ job, parts, source }: SnapshotCopy, id: string, part: 'disk' | 'state'): Promise<VirtualDisk> {
  return openSource(job.source, source.top.format, parts, { id, part })
}

interface Transition {
  readonly before: VirtualDisk
  readonly after: VirtualDisk
  /** Of the snapshot that `after` is; undefined for the disk as it is now. */
  readonly facts: SnapshotFacts | undefined
}

async function* transitions(copy: SnapshotCopy): AsyncGenerator<Transition, void, undefined> {
  for (const [index, { id }] of copy.snapshots.entries()) {
    const facts = copy.snapshots[index + 1]
    await using before = await openPart(copy, id, 'disk')
    await using next = facts && (await openPart(copy, facts.id, 'disk'))
    yield { before, after: next ?? copy.source, facts }
  }
}

async function copyRange(from: VirtualDisk, to: VirtualDisk, start: number, end: number): Promise<void> {
  for (let position = start; position < end;) {
    const bytes = new Uint8Array(Math.min(MiB, end - position))
    await from.read(position, bytes)
    if (isZero(bytes)) await to.zero(position, bytes.length, true)
    else await to.write(position, bytes)
    position += bytes.length
  }
}
