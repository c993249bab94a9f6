// What two programs must agree on about one image: its bytes, where they are, and what it says of itself.

import { join } from 'node:path'
import { inspect } from '../../core/operations/inspect.ts'
import { map } from '../../core/operations/map.ts'
import { systemParts } from '../../core/operations/parts.ts'
import type { Qemu } from '../helpers/qemu.ts'
import { DISK } from './history.ts'

const SECTOR = 512

interface Row {
  readonly start: number
  readonly length: number
  readonly depth: number
  readonly present: boolean
  readonly zero: boolean
  readonly data: boolean
  readonly compressed?: boolean
  readonly offset?: number
}
/** QEMU at work in a folder, or what it has said already. */
export type Teller = Pick<Qemu, 'folder' | 'format' | 'json'>
type Facts = Readonly<Record<string, unknown>>

/** The map in qemu-img's words, as both see it. Older versions do not tell compressed data from plain. */
export async function maps(qemu: Teller, name = DISK): Promise<{ readonly theirs: unknown; readonly ours: unknown }> {
  const theirs = qemu.json('map', '-f', qemu.format, name) as readonly Row[]
  const tells = theirs.some((row) => 'compressed' in row)
  const spec = { path: join(qemu.folder, name), format: qemu.format }
  const rows = (await Array.fromAsync(map(spec, new AbortController().signal, systemParts()))).flat()
  const ours = rows.map(({ start, length, depth, present, zero, data, compressed, offset }) => ({
    start,
    length,
    depth,
    present,
    zero,
    data,
    ...(tells && { compressed }),
    ...(offset !== undefined && { offset }),
  }))
  // Zeros with room at offset 0, which only a data file can have, are zeros without room for QEMU, the first block of them.
  const vague = [...theirs, ...ours].some(({ zero, offset }) => zero && offset === 0)
  return { theirs: plain(theirs, vague), ours: plain(ours, vague) }
}

/**
 * What both can know at any time. QEMU looks for holes of the file by a guess at how it was made, from how much room the
 * file system has given it so far, which need not be the same a moment later.
 */
function plain(rows: readonly Row[], zerosAnywhere: boolean): readonly Row[] {
  const answer: Row[] = []
  for (const { offset, ...told } of rows) {
    const row = told.data ? { ...told, zero: false } : told
    const isPlace = offset !== undefined && !(row.zero && zerosAnywhere)
    const next = isPlace ? { ...row, offset } : row
    const last = answer.at(-1)
    if (last && continues(last, next)) answer[answer.length - 1] = { ...last, length: last.length + next.length }
    else answer.push(next)
  }
  return answer
}

function continues(last: Row, next: Row): boolean {
  const same = (['depth', 'present', 'zero', 'data', 'compressed'] as const).every((key) => last[key] === next[key])
  const together = last.offset === undefined ? next.offset === undefined : last.offset + last.length === next.offset
  return same && together
}

/** What one of two images that began the same says of itself, as far as both must agree. */
export async function descriptionAlone(folder: string): Promise<Facts> {
  const [facts] = await inspect({ path: join(folder, DISK), chain: false }, systemParts())
  if (!facts) throw new Error('inspect said nothing')
  const { virtualSize, backing, details } = facts
  return { virtualSize, backing, specific: details.specific }
}

/** In which state each sector of an image is; whether files below have holes is up to how they were written. */
export async function sectorStates(folder: string): Promise<readonly string[]> {
  const spec = { path: join(folder, DISK), format: 'qcow2' }
  const rows = (await Array.fromAsync(map(spec, new AbortController().signal, systemParts()))).flat()
  return rows.flatMap(({ length, depth, present, zero, compressed }) => {
    const state = !present ? 'nothing' : depth > 0 ? 'below' : zero ? 'zero' : compressed ? 'packed' : 'data'
    return Array<string>(Math.ceil(length / SECTOR)).fill(state)
  })
}

/** qemu-img's description of the image, and ours in its words. */
export async function descriptions(
  qemu: Teller,
  name = DISK,
): Promise<{ readonly theirs: Facts; readonly ours: Facts }> {
  const info = qemu.json('info', '-U', '-f', qemu.format, name) as Facts
  const [facts] = await inspect({ path: join(qemu.folder, name), chain: false }, systemParts())
  if (!facts) throw new Error('inspect said nothing')
  const specific = info['format-specific'] as Facts | undefined
  const snapshots = info['snapshots'] as readonly Facts[] | undefined
  return {
    theirs: {
      format: info['format'],
      size: info['virtual-size'],
      clusterSize: info['cluster-size'],
      allocated: info['actual-size'],
      dirty: info['dirty-flag'],
      backing: info['backing-filename'],
      backingFormat: info['backing-filename-format'],
      specific: specific?.['data'],
      snapshots: snapshots?.map((one) => [one['id'], one['name'], one['vm-state-size'], one['date-sec']]),
    },
    ours: {
      format: facts.format,
      size: facts.virtualSize,
      clusterSize: facts.details.clusterSize,
      allocated: facts.allocatedSize,
      // Of some formats QEMU does not say.
      dirty: 'dirty-flag' in info ? facts.details.dirty === true : undefined,
      backing: facts.backing?.path,
      backingFormat: facts.backing?.format,
      specific: namedFrom(qemu.folder, facts.details.specific),
      snapshots: facts.details.snapshots?.map((one) => [
        one.id,
        one.name,
        one.vmStateSize,
        Math.floor(one.createdAt / 1000),
      ]),
    },
  }
}

/** QEMU names the files of an image as it was named itself. */
function namedFrom(folder: string, specific: Facts | undefined): Facts | undefined {
  return specific && (JSON.parse(JSON.stringify(specific).replaceAll(`${folder}/`, '')) as Facts)
}
