// Histories for previews: a family as a busy machine has it, a very long one, and the plain one of everybody else.

import { GiB, MiB } from '../../../core/model/index.ts'
import type { History, HistoryNode, HistoryTag, SnapshotFacts } from '../../../core/model/index.ts'
import type { Volume } from '../../../electron/contract/data.ts'
import { DAY, seeded } from './fake-library.ts'

const VMS = '/home/sam/VMs/'

interface Member {
  readonly name: string
  readonly below?: string
  readonly daysAgo: number
  readonly own: number
  readonly frees?: number
  readonly tag?: HistoryTag
}

/** Newest first; the snapshots of each come right below it. */
const FAMILY: readonly Member[] = [
  { name: 'debian12.qcow2', below: 'debian12-2026-09.qcow2', daysAgo: 0.1, own: 2.4 * GiB },
  { name: 'ci-runner-01.qcow2', below: 'debian12-2026-09.qcow2', daysAgo: 0.01, own: 7.8 * GiB, tag: 'in-use' },
  { name: 'pg17-trial.qcow2', below: 'pg17-step2.qcow2', daysAgo: 9, own: 2.9 * GiB, frees: 2.9 * GiB },
  { name: 'pg17-step2.qcow2', below: 'pg17-step1.qcow2', daysAgo: 10, own: 3.1 * GiB, frees: 1.2 * GiB },
  { name: 'pg17-step1.qcow2', below: 'debian12-2026-09.qcow2', daysAgo: 12, own: 2.2 * GiB, frees: 640 * MiB },
  {
    name: 'debian12-2026-09.qcow2',
    below: 'base/debian-12-genericcloud.qcow2',
    daysAgo: 54,
    own: 4.6 * GiB,
    frees: 310 * MiB,
  },
  { name: 'mail-relay.qcow2', below: 'base/debian-12-genericcloud.qcow2', daysAgo: 68, own: 1.3 * GiB, tag: 'in-use' },
  { name: 'web1-staging.qcow2', below: 'debian12-2026-06.qcow2', daysAgo: 140, own: 1.7 * GiB, frees: 1.7 * GiB },
  { name: 'debian12-2026-06.qcow2', daysAgo: 141, own: 0, tag: 'missing' },
  { name: 'base/debian-12-genericcloud.qcow2', daysAgo: 170, own: 612 * MiB },
]

export function familyOf(volume: Volume, snapshots: readonly SnapshotFacts[], length = 0): History {
  if (length > 0) return longHistory(volume, length)
  const members = FAMILY.some(({ name }) => VMS + name === volume.path) ? FAMILY : [memberOf(volume)]
  return { nodes: members.flatMap((member) => nodesOf(member, volume, snapshots)) }
}

function memberOf({ path, modifiedAt, allocatedSize }: Volume): Member {
  const daysAgo = (Date.now() - modifiedAt) / DAY
  return { name: path.slice(VMS.length), daysAgo, own: allocatedSize, frees: allocatedSize }
}

function nodesOf(member: Member, volume: Volume, all: readonly SnapshotFacts[]): readonly HistoryNode[] {
  const path = VMS + member.name
  const isCurrent = path === volume.path
  const snapshots = isCurrent ? all.toReversed() : []
  const below = member.below === undefined ? [] : [VMS + member.below]
  const missing = member.tag === 'missing'
  // The kernel trial was gone back from: what came after it was made from what it was made from.
  const parentOf = (index: number): readonly string[] => {
    const older = snapshots.slice(index).find(({ name }) => index === snapshots.length - 1 || !/trial/.test(name))
    return older ? [`${path}#${older.id}`] : below
  }
  const { frees } = member
  return [
    {
      id: path,
      kind: isCurrent ? 'current' : 'layer',
      path,
      name: path.slice(path.lastIndexOf('/') + 1),
      ...(missing ? {} : { date: Date.now() - member.daysAgo * DAY, own: member.own, format: 'qcow2' }),
      ...(frees === undefined || snapshots.length > 0 ? {} : { frees }),
      parents: snapshots.length > 0 ? parentOf(0) : below,
      tags: [...(isCurrent ? (['current'] as const) : []), 'external', ...(member.tag ? [member.tag] : [])],
    },
    ...snapshots.map((snapshot, index): HistoryNode => {
      const own = (index * 0.4 + 0.41) * GiB
      return {
        id: `${path}#${snapshot.id}`,
        kind: 'snapshot',
        path,
        name: snapshot.name,
        format: 'qcow2',
        snapshot,
        date: snapshot.createdAt,
        own,
        frees: own * 0.9,
        parents: index === snapshots.length - 1 ? below : parentOf(index + 1),
        tags: ['internal'],
      }
    }),
  ]
}

/** Overlays upon overlays, with a branch every few of them. */
function longHistory({ path, name }: Volume, length: number): History {
  const random = seeded(7)
  const nodes: HistoryNode[] = []
  for (let index = 0; index < length; index += 1) {
    const older = Math.min(length - 1, index + 1 + (random() < 0.3 ? Math.floor(random() * 24) : 0))
    nodes.push({
      id: `n${index}`,
      kind: index === 0 ? 'current' : 'layer',
      path: index === 0 ? path : `${VMS}long/${index}.qcow2`,
      name: index === 0 ? name : `nightly-with-a-long-name-${length - index}.qcow2`,
      date: Date.now() - index * DAY,
      own: random() * 4 * GiB,
      frees: random() * GiB,
      parents: index === length - 1 ? [] : [`n${older}`],
      tags: index === 0 ? ['current', 'external'] : ['external'],
    })
  }
  return { nodes }
}
