// What the fake engine does to volumes that are there: snapshots, sizes, checks, chains, and taking it back.

import { DifferingSums, GiB, KiB, MiB, assertNever } from '../../../core/model/index.ts'
import type {
  BypassPlan,
  CompactPlan,
  CheckReport,
  CommitPlan,
  JobResult,
  RebasePlan,
  ResizePlan,
  SnapshotAction,
  SnapshotFacts,
  UndoOffer,
} from '../../../core/model/index.ts'
import type {
  CommitRequest,
  ConvertRequest,
  CreateRequest,
  JobRequest,
  RebaseRequest,
  ResizeRequest,
  Volume,
} from '../../../electron/contract/data.ts'
import { contentsOf, cutContents } from './fake-contents.ts'
import type { FileRequest } from './fake-files.ts'
import { snapshotsOf } from './fake-images.ts'

export type ChangeRequest = Exclude<JobRequest, ConvertRequest | CreateRequest | FileRequest>

interface Outcome {
  readonly result: JobResult
  /** The volume as it is afterwards, when it is another. */
  readonly changed?: Volume
}

const CLUSTER = 64 * KiB

export class FakeChanges {
  readonly #snapshots = new Map<string, readonly SnapshotFacts[]>()
  readonly #undo = new Map<string, { readonly offer: UndoOffer; readonly before: Volume }>()
  readonly #repaired = new Set<string>()

  snapshots(volume: Volume): readonly SnapshotFacts[] {
    return this.#snapshots.get(volume.id) ?? snapshotsOf(volume)
  }

  undoOffer(volume: Volume): UndoOffer | undefined {
    if (volume.error?.message.includes('cut off') === true)
      return { kind: 'cut-off', size: 3 * MiB, changedAt: volume.modifiedAt }
    return this.#undo.get(volume.id)?.offer
  }

  keep(volume: Volume): void {
    this.#undo.delete(volume.id)
  }

  undo(volume: Volume): Volume {
    const kept = this.#undo.get(volume.id)
    this.#undo.delete(volume.id)
    this.#repaired.delete(volume.id)
    const { error: _, ...rest } = kept?.before ?? volume
    return rest
  }

  run(request: ChangeRequest, volume: Volume): Outcome {
    const path = volume.path
    if ('keepUndo' in request && request.keepUndo)
      this.#undo.set(volume.id, { offer: { kind: 'offered', size: 640 * KiB, changedAt: Date.now() }, before: volume })
    switch (request.kind) {
      case 'snapshot': {
        const snapshots = this.#act(this.snapshots(volume), request.action, volume)
        this.#snapshots.set(volume.id, snapshots)
        const changed = { ...volume, snapshotCount: snapshots.length }
        return { result: { kind: 'snapshot', path, id: '1', warnings: [] }, changed }
      }
      case 'resize': {
        const { virtualSize } = request
        const sizeBefore = volume.virtualSize ?? 0
        const changed = { ...volume, virtualSize }
        return { result: { kind: 'resize', path, sizeBefore, virtualSize, warnings: [] }, changed }
      }
      case 'check':
        return { result: { kind: 'check', path, format: 'qcow2', report: this.#report(volume), warnings: [] } }
      case 'repair': {
        const before = this.#report(volume)
        this.#repaired.add(volume.id)
        const report = {
          after: this.#report(volume),
          repaired: ['5,004 clusters that nothing uses were freed.', 'The reference counts were written anew.'],
          corruptionsFixed: request.mode === 'all' ? before.totals.corruptions : 0,
          leaksFixed: before.totals.leaks,
        }
        return { result: { kind: 'repair', path, format: 'qcow2', report, warnings: [] }, changed: volume }
      }
      case 'commit':
        return { result: { kind: 'commit', path, base: volume.backing ?? '', warnings: [] }, changed: volume }
      case 'rebase': {
        const { backing: _, ...alone } = volume
        return { result: { kind: 'rebase', path, warnings: [] }, changed: alone }
      }
      case 'amend':
      case 'bitmap':
        return { result: { kind: request.kind, path, warnings: [] }, changed: volume }
      case 'compact': {
        const { now: before, atMost: after } = this.planCompact(volume)
        return { result: { kind: 'compact', path, before, after, warnings: [] }, changed: volume }
      }
      case 'bypass':
        return { result: { kind: 'bypass', path, children: [], items: [], warnings: [] }, changed: volume }
      case 'compare': {
        const isSame = request.left === request.right && request.leftSnapshot === request.rightSnapshot
        const sums = new DifferingSums(40 * GiB, request.ranges === true ? contentsOf(volume) : undefined)
        const count = isSame ? 0 : 1200
        for (let index = 0; index < count; index += 1) {
          sums.add({ offset: 0x1bbf4_0000 + index * index * 9 * KiB, length: 4 * KiB * (1 + (index % 7)) })
        }
        const differing = sums.finish()
        const [first] = differing.ranges
        const result = { kind: 'compare', identical: isSame, sizeDiffers: false, commonSize: 40 * GiB } as const
        const found = first && { firstDifference: first.offset }
        return { result: { ...result, ...found, ...(request.ranges === true && { differing }), warnings: [] } }
      }
      default:
        return assertNever(request)
    }
  }

  planResize(request: ResizeRequest, volume: Volume): ResizePlan {
    const dataEnd = Math.round(volume.allocatedSize * 1.9)
    const now = volume.virtualSize ?? 0
    return {
      format: volume.format ?? 'raw',
      virtualSize: now,
      dataEnd,
      ...cutContents(volume, request.virtualSize),
      lostBytes: Math.max(0, Math.round((dataEnd - request.virtualSize) * 0.66)),
      undoable: volume.format === 'qcow2' || request.virtualSize >= now,
      command: ['spindle', 'resize', '-f', volume.format ?? 'raw', volume.path, String(request.virtualSize)],
    }
  }

  planCommit(request: CommitRequest, volume: Volume): CommitPlan {
    return {
      base: `/home/sam/VMs/${volume.backing ?? ''}`,
      bytes: volume.allocatedSize,
      between: request.depth > 1 ? [`/home/sam/VMs/${volume.backing ?? ''}`] : [],
      others: volume.name.startsWith('debian12') ? ['/home/sam/VMs/ci-runner-01.qcow2'] : [],
      snapshots: this.snapshots(volume).map(({ name }) => name),
      command: ['spindle', 'commit', '-f', 'qcow2', volume.path],
    }
  }

  planRebase(request: RebaseRequest, volume: Volume): RebasePlan {
    return {
      ...(request.backing === undefined && { bytes: 4.9 * GiB }),
      snapshots: [],
      free: 118 * GiB,
      command: ['spindle', 'rebase', '-f', 'qcow2', '-b', request.backing ?? '', volume.path],
    }
  }

  planCompact({ allocatedSize, path }: Volume): CompactPlan {
    const atMost = Math.round(allocatedSize * 0.62)
    return { now: allocatedSize, atMost, free: 118 * GiB, command: ['spindle', 'compact', path] }
  }

  planBypass(volume: Volume): BypassPlan {
    return {
      base: '/home/sam/VMs/pg17-step1.qcow2',
      children: [{ path: '/home/sam/VMs/pg17-trial.qcow2', bytes: 3.1 * GiB, snapshots: [], free: 118 * GiB }],
      frees: volume.allocatedSize,
      command: ['spindle', 'bypass', volume.path],
    }
  }

  #act(before: readonly SnapshotFacts[], action: SnapshotAction, volume: Volume): readonly SnapshotFacts[] {
    switch (action.kind) {
      case 'create': {
        const id = String(1 + Math.max(0, ...before.map((one) => Number(one.id))))
        const fresh = { vmStateSize: 0, nanoseconds: 0, vmClockNanoseconds: 0, virtualSize: volume.virtualSize ?? 0 }
        return [...before, { id, name: action.name, createdAt: Date.now(), ...fresh }]
      }
      case 'apply':
        return before
      case 'remove':
        return before.filter(({ id }) => id !== action.id)
      case 'rename':
        return before.map((one) => (one.id === action.id ? { ...one, name: action.name } : one))
      default:
        return assertNever(action)
    }
  }

  /** Only one volume has anything to tell of. */
  #report(volume: Volume): CheckReport {
    const bad = volume.name === 'pg17-trial.qcow2' && !this.#repaired.has(volume.id)
    const totals = {
      imageEndOffset: volume.fileSize,
      totalClusters: Math.round((volume.virtualSize ?? 0) / CLUSTER),
      allocatedClusters: Math.round(volume.allocatedSize / CLUSTER),
      fragmentedClusters: 41_206,
      compressedClusters: 0,
      corruptions: bad ? 1 : 0,
      leaks: bad ? 4992 : 0,
      checkErrors: 0,
    }
    const findings = [
      {
        kind: 'error',
        code: 'cluster-shared',
        message:
          'Two tables point at the same cluster at 0x1BBF40000 in the file: a write through the one changes the other.',
        hostOffset: 0x1bbf4_0000,
        guestOffset: 0x2f8f0_0000,
        count: 1,
      },
      {
        kind: 'leak',
        code: 'leaked-clusters',
        message: '4,736 clusters from 0x1A6000000 on are held by nothing.',
        hostOffset: 0x1a600_0000,
        count: 4736,
      },
      {
        kind: 'leak',
        code: 'leaked-clusters',
        message: '256 clusters from 0x1E0C00000 on are held by nothing.',
        hostOffset: 0x1e0c0_0000,
        count: 256,
      },
      {
        kind: 'note',
        code: 'dirty',
        message: 'The image was not closed properly the last time it was open.',
        count: 1,
      },
    ] as const
    return {
      findings: bad ? findings : [],
      unlisted: { error: 0, leak: 0, note: 0 },
      totals,
      clusterSize: CLUSTER,
    }
  }
}
