// What a job takes from others: the files it works on, and the disks it keeps busy.

import { readlink, stat } from 'node:fs/promises'
import { basename, dirname, isAbsolute } from 'node:path'
import { existsSync } from 'node:fs'
import type { Demand } from '../jobs/turns.ts'
import type { JobSpec } from '../model/job.ts'

export async function demandOf(spec: JobSpec): Promise<Demand> {
  const files = filesOf(spec)
  if (isLight(spec)) return { files, disks: [] }
  return { files, disks: [...new Set(await Promise.all(files.map(diskOf)))] }
}

const MOVES_NO_BYTES: ReadonlySet<JobSpec['kind']> = new Set(['trash', 'restore', 'empty-trash'])

/** Over soon, whatever the size of the disk: it reads tables, or writes new ones. */
function isLight(spec: JobSpec): boolean {
  if (MOVES_NO_BYTES.has(spec.kind)) return true
  // Within a folder it is but another name.
  if (spec.kind === 'move') return dirname(spec.path) === dirname(spec.target)
  return spec.kind === 'check' || (spec.kind === 'create' && !spec.backing)
}

/** All that the spec names, by itself or in a list. */
function filesOf(spec: JobSpec): readonly string[] {
  const values: readonly unknown[] = Object.values(spec).flat()
  const nested = values.flatMap((value) =>
    typeof value === 'object' && value !== null && 'path' in value ? [value.path] : [],
  )
  return [...values, ...nested].filter((value): value is string => typeof value === 'string' && isAbsolute(value))
}

/** The disk that holds the file, or will; two partitions are on one. */
async function diskOf(path: string): Promise<string> {
  for (let at = path; ; at = dirname(at)) {
    const found = await stat(at).catch(() => undefined)
    if (found) return wholeDisk(found.dev)
    if (at === dirname(at)) return 'none'
  }
}

/** Linux tells which disk a partition is of; elsewhere each file system counts as a disk. */
async function wholeDisk(device: number): Promise<string> {
  const place = `/sys/dev/block/${(device >> 8) & 0xfff}:${(device & 0xff) | ((device >> 12) & 0xfff00)}`
  const target = await readlink(place).catch(() => undefined)
  if (target === undefined) return `device ${device}`
  return basename(existsSync(`${place}/partition`) ? dirname(target) : target)
}
