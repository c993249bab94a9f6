// Places and volumes of a computer that does not exist, the same at every start.

import type { ErrorData, FormatId } from '../../../core/model/index.ts'
import { GiB, MiB } from '../../../core/model/index.ts'
import type { Place, Volume } from '../../../electron/contract/data.ts'

export const DAY = 86_400_000

/** Small and the same everywhere: mulberry32. */
export function seeded(seed: number): () => number {
  let state = seed
  return () => {
    state = (state + 0x6d2b79f5) | 0
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state)
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4294967296
  }
}

interface Row {
  readonly name: string
  readonly format: FormatId
  readonly size: number
  readonly disk: number
  readonly daysAgo: number
  readonly parent?: string
  readonly snapshots?: number
  readonly encrypted?: boolean
  readonly error?: ErrorData
}

const KNOWN: readonly Row[] = [
  { name: 'ad-dc01.qcow2', format: 'qcow2', size: 60, disk: 31.4, daysAgo: 9 },
  { name: 'base/alpine-3.20-virt.qcow2', format: 'qcow2', size: 2, disk: 0.145, daysAgo: 80 },
  { name: 'build-cache.raw', format: 'raw', size: 200, disk: 173, daysAgo: 0.01 },
  { name: 'ci-runner-01.qcow2', format: 'qcow2', size: 40, disk: 7.8, daysAgo: 0.01, parent: 'debian12-2026-09.qcow2' },
  { name: 'base/debian-12-genericcloud.qcow2', format: 'qcow2', size: 40, disk: 0.6, daysAgo: 170 },
  {
    name: 'debian12.qcow2',
    format: 'qcow2',
    size: 40,
    disk: 11.2,
    daysAgo: 0.2,
    parent: 'debian12-2026-09.qcow2',
    snapshots: 4,
  },
  {
    name: 'debian12-2026-09.qcow2',
    format: 'qcow2',
    size: 40,
    disk: 4.6,
    daysAgo: 54,
    parent: 'base/debian-12-genericcloud.qcow2',
    snapshots: 1,
  },
  {
    name: 'fedora-41-workstation-before-gnome-48-rebase.qcow2',
    format: 'qcow2',
    size: 64,
    disk: 22.9,
    daysAgo: 21,
    parent: 'fedora-41-cloud.qcow2',
    error: {
      code: 'invalid-image',
      message:
        'fedora-41-workstation-before-gnome-48-rebase.qcow2 is damaged: its L1 table lies past the end of the file. Nothing was changed. Restore it from a copy, or check where it came from.',
      path: '/home/sam/VMs/fedora-41-workstation-before-gnome-48-rebase.qcow2',
      offset: 0x3_0000,
      operation: 'inspect',
    },
  },
  { name: 'freebsd-14.1.raw', format: 'raw', size: 32, disk: 5.1, daysAgo: 440 },
  {
    name: 'mail-relay.qcow2',
    format: 'qcow2',
    encrypted: true,
    size: 40,
    disk: 1.3,
    daysAgo: 0.3,
    parent: 'debian-12-genericcloud.qcow2',
  },
  { name: 'nfs-export.raw', format: 'raw', size: 500, disk: 212, daysAgo: 3 },
  { name: 'legacy/old-exchange.raw', format: 'raw', size: 120, disk: 86.3, daysAgo: 960 },
  { name: 'pg17-trial.qcow2', format: 'qcow2', size: 40, disk: 2.9, daysAgo: 9, parent: 'pg17-step2.qcow2' },
  {
    name: 'web1-staging.qcow2',
    format: 'qcow2',
    size: 40,
    disk: 1.7,
    daysAgo: 139,
    parent: 'debian12-2026-06.qcow2',
    error: {
      code: 'missing-file',
      message:
        'The backing file of web1-staging.qcow2 is missing: debian12-2026-06.qcow2 is not in /home/sam/VMs. Nothing was changed. Put the file back, or tell web1-staging.qcow2 where it is now.',
      path: '/home/sam/VMs/debian12-2026-06.qcow2',
      operation: 'inspect',
    },
  },
  {
    name: 'win11-dev.qcow2',
    format: 'qcow2',
    size: 80,
    disk: 61.3,
    daysAgo: 0.02,
    error: {
      code: 'in-use',
      message: 'win11-dev.qcow2 is in use by another program. You can look, but not change it until that one stops.',
      path: '/home/sam/VMs/win11-dev.qcow2',
    },
  },
  {
    name: 'router-openwrt.raw',
    format: 'raw',
    size: 0.5,
    disk: 0.118,
    daysAgo: 45,
    error: {
      code: 'invalid-image',
      message:
        'A change of router-openwrt.raw was cut off in the middle, so it cannot be used as it is. Put it back as it was before; keep the file that ends in .spindle-undo until then.',
      path: '/home/sam/VMs/router-openwrt.raw',
    },
  },
]

const STEMS = [
  'yocto-build',
  'zabbix',
  'zfs-lab',
  'kafka',
  'gitlab-runner',
  'k3s-node',
  'registry',
  'vault-secrets',
  'ubuntu-24.04',
  'arch',
  'rocky-9',
  'haiku-r1b5',
  'opnsense',
  'grafana-long-retention-metrics',
  'ldap',
  'minio',
]

export const PLACES = [
  { id: 'f1', path: '/home/sam/VMs', label: '~/VMs', total: 456 * GiB, free: 118 * GiB },
  { id: 'f2', path: '/mnt/fast', label: '/mnt/fast', total: 931 * GiB, free: 612 * GiB },
  { id: 'f3', path: '/var/lib/libvirt/images', label: '/var/lib/libvirt/images', total: 120 * GiB, free: 41 * GiB },
] as const

export function fakeVolumes(count: number, now: number): Volume[] {
  const random = seeded(20261120)
  const volumes = Array.from({ length: count }, (_, index) => volume(index, KNOWN[index] ?? made(index, random), now))
  const overlays = new Map<string, number>()
  for (const { parent } of volumes) if (parent !== undefined) overlays.set(parent, (overlays.get(parent) ?? 0) + 1)
  return volumes.map((one) => {
    const overlayCount = overlays.get(one.path)
    return overlayCount === undefined ? one : { ...one, overlayCount }
  })
}

function made(index: number, random: () => number): Row {
  const format = random() < 0.7 ? 'qcow2' : 'raw'
  const size = [8, 20, 40, 64, 120, 250][Math.floor(random() * 6)] ?? 20
  const stem = STEMS[Math.floor(random() * STEMS.length)] ?? 'disk'
  const row = {
    name: `${stem}-${index}.${format}`,
    format,
    size,
    disk: size * random() ** 3,
    daysAgo: random() ** 3 * 900,
  } as const
  return random() < 0.2 ? { ...row, parent: 'debian12-2026-09.qcow2' } : row
}

function volume(index: number, row: Row, now: number): Volume {
  const place = PLACES[index < KNOWN.length ? 0 : index % PLACES.length] ?? PLACES[0]
  const broken = row.error !== undefined && row.error.code === 'invalid-image'
  return {
    id: `v${index}`,
    place: place.id,
    path: `${place.path}/${row.name}`,
    name: row.name,
    format: row.format,
    ...(broken ? {} : { virtualSize: row.size * GiB }),
    allocatedSize: Math.round(row.disk * GiB),
    fileSize: Math.round(row.disk * GiB) + MiB,
    modifiedAt: Math.round(now - row.daysAgo * DAY),
    snapshotCount: row.snapshots ?? 0,
    ...(row.parent === undefined ? {} : parentOf(row.parent, row.error?.code === 'missing-file')),
    ...(row.name === 'ci-runner-01.qcow2' ? { inUse: { process: 4242, machine: 'ci-runner-01' } } : {}),
    ...(row.error ? { error: row.error } : {}),
    ...(row.encrypted === true ? { encrypted: true } : {}),
  }
}

function parentOf(name: string, missing: boolean): Partial<Volume> {
  return { backing: name, ...(missing ? { parentMissing: true } : { parent: `/home/sam/VMs/${name}` }) }
}

export function fakePlaces(volumes: readonly Volume[]): Place[] {
  return PLACES.map(({ id, path, label, total, free }) => ({
    id,
    path,
    label,
    kind: 'folder',
    state: 'watching',
    volumeCount: volumes.filter((volume) => volume.place === id).length,
    space: { total, free },
  }))
}
