// Everything that makes or changes images of all formats, on small images that have a random past.

import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { FormatId } from '../../core/model/image.ts'
import type { OptionValues } from '../../core/model/option.ts'
import { KiB, MiB } from '../../core/model/units.ts'
import { openDisk } from '../../core/image/chain.ts'
import { commit } from '../../core/operations/commit.ts'
import { convert } from '../../core/operations/convert.ts'
import { create } from '../../core/operations/create.ts'
import { systemParts } from '../../core/operations/parts.ts'
import type { Parts } from '../../core/operations/parts.ts'
import { rebase } from '../../core/operations/rebase.ts'
import { repair } from '../../core/operations/repair.ts'
import { resize } from '../../core/operations/resize.ts'
import { snapshot } from '../../core/operations/snapshot.ts'
import type { Link } from './chain.ts'
import { SECRET_ID, testKeyring } from './keyring.ts'
import { convertJob, recorded } from './run-operation.ts'
import type { Random } from './seeds.ts'

const { context } = recorded()

export interface Kind {
  readonly format: FormatId
  readonly options: OptionValues
  readonly size: number
  /** What of it there is besides growing. */
  readonly does: readonly ('shrink' | 'chain' | 'repair' | 'snapshots')[]
  /** Something to repair that does not keep it from being read. */
  readonly damage?: (image: Buffer) => void
}

const QED_FEATURES = 16
const VDI_COUNT = 388
/** The first entry of the first of two tables of grains, both of which say the same. */
const VMDK_COPY = 22 * 512

const KINDS: readonly Kind[] = [
  { format: 'raw', options: {}, size: 300 * KiB, does: ['shrink'] },
  {
    format: 'qcow2',
    options: { cluster_size: 4 * KiB },
    size: 300 * KiB,
    does: ['shrink', 'chain', 'snapshots'],
  },
  {
    format: 'qed',
    options: { cluster_size: 4 * KiB, table_size: 2 },
    size: 300 * KiB,
    does: ['chain', 'repair'],
    damage: (image) => image.writeUInt8(2, QED_FEATURES),
  },
  {
    format: 'vdi',
    options: { cluster_size: 16 * KiB },
    size: 300 * KiB,
    does: ['shrink', 'repair'],
    damage: (image) => image.writeUInt32LE(99, VDI_COUNT),
  },
  {
    format: 'vmdk',
    options: {},
    size: 640 * KiB,
    does: ['chain', 'repair'],
    damage: (image) => image.fill(0, VMDK_COPY, VMDK_COPY + 4),
  },
  {
    format: 'vpc',
    options: { block_size: 64 * KiB },
    size: 640 * KiB,
    does: ['shrink', 'repair'],
    damage: (image) => image.fill(0, 0, 512),
  },
  {
    format: 'vhdx',
    options: { block_size: MiB },
    size: 3 * MiB,
    does: ['shrink', 'repair'],
    damage: (image) => image.fill(0, 64 * KiB, 68 * KiB),
  },
  {
    format: 'luks',
    options: { 'key-secret': SECRET_ID, 'iter-time': 1, 'cipher-alg': 'aes-128', 'cipher-mode': 'cbc' },
    size: 100 * KiB,
    does: ['shrink'],
  },
]

export interface Operation {
  readonly name: string
  readonly kind: Kind
  /** Files besides `base` and, over it, `top`. */
  readonly makes?: Link
  readonly run: (path: (name: string) => string, parts: Parts) => Promise<unknown>
}

function resizing(virtualSize: number): Operation['run'] {
  const job = { kind: 'resize', virtualSize, shrink: true, preallocation: 'off' } as const
  return (path, parts) => resize({ ...job, path: path('base') }, context, parts)
}

function operationsOn(kind: Kind): readonly Operation[] {
  const { format, options, size } = kind
  const does = new Set(kind.does)
  const made: Link = { name: 'made', format }
  const all: Operation[] = [
    {
      name: 'made new',
      kind,
      makes: made,
      run: (path, parts) =>
        create({ kind: 'create', target: path('made'), format, options, virtualSize: size }, context, parts),
    },
    {
      name: 'converted to',
      kind,
      makes: made,
      run: (path, parts) => convert(convertJob(path('other'), path('made'), { format, options }), context, parts),
    },
    { name: 'grown', kind, run: resizing(size * 3) },
  ]
  if (does.has('shrink')) all.push({ name: 'shrunk', kind, run: resizing(Math.floor(size / 1024) * 512) })
  if (does.has('chain')) {
    const job = { kind: 'commit', allowOthers: true } as const
    all.push(
      {
        name: 'committed',
        kind,
        run: (path, parts) => commit({ ...job, path: path('top'), keepTop: true }, context, parts),
      },
      {
        name: 'committed and emptied',
        kind,
        run: (path, parts) => commit({ ...job, path: path('top'), keepTop: false }, context, parts),
      },
      {
        name: 'flattened',
        kind,
        run: (path, parts) => rebase({ kind: 'rebase', path: path('top'), nameOnly: false }, context, parts),
      },
    )
  }
  if (does.has('repair')) {
    all.push({
      name: 'repaired',
      kind,
      run: (path, parts) => repair({ kind: 'repair', path: path('base'), mode: 'all' }, context, parts),
    })
  }
  if (does.has('snapshots')) {
    const action = { kind: 'create', name: 'now' } as const
    all.push({
      name: 'given a snapshot',
      kind,
      run: (path, parts) => snapshot({ kind: 'snapshot', path: path('base'), action }, context, parts),
    })
  }
  return all
}

export const FORMAT_OPERATIONS = KINDS.flatMap(operationsOn)

const OTHER_SIZE = 200 * KiB

/** An image called `base`, one on top of it where the format has that, and a raw disk called `other`. */
export async function makeImages(
  folder: string,
  { kind, makes, name }: Operation,
  random: Random,
): Promise<readonly Link[]> {
  const { format, options, size } = kind
  const parts = partsWithKeys()
  const links: Link[] = [{ name: 'base', format }, { name: 'other', format: 'raw' }, ...(makes ? [makes] : [])]
  const other = random.bytes(OTHER_SIZE)
  other.fill(0, 20 * KiB, 90 * KiB)
  writeFileSync(join(folder, 'other'), other)
  await create({ kind: 'create', target: join(folder, 'base'), format, options, virtualSize: size }, context, parts)
  await fill(join(folder, 'base'), format, random)
  if (kind.does.includes('chain')) {
    const backing = { path: 'base', format }
    await create({ kind: 'create', target: join(folder, 'top'), format, options, backing }, context, parts)
    await fill(join(folder, 'top'), format, random)
    links.push({ name: 'top', format })
  }
  if (name === 'repaired' && kind.damage) {
    const image = readFileSync(join(folder, 'base'))
    kind.damage(image)
    writeFileSync(join(folder, 'base'), image)
  }
  return links
}

async function fill(path: string, format: FormatId, random: Random): Promise<void> {
  const parts = partsWithKeys()
  await using disk = await openDisk(await parts.openFile(path, 'write'), { ...parts, format, access: 'write' })
  for (let count = 0; count < 8; count += 1) {
    const offset = 512 * random.below(disk.size / 512 - 1)
    const length = Math.min(disk.size - offset, 512 * (1 + random.below(64)))
    if (count % 4 === 3) await disk.zero(offset, length, true)
    else await disk.write(offset, random.bytes(length))
  }
  await disk.flush()
}

function partsWithKeys(): Parts {
  return systemParts('shared', testKeyring())
}
