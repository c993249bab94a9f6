// What a conversion would read, write and change, told before it is done.

import { lstat } from 'node:fs/promises'
import { basename } from 'node:path'
import type { ImageDriver } from '../image/driver.ts'
import { completeOptions, optionsText } from '../image/options.ts'
import type { VirtualDisk } from '../image/virtual-disk.ts'
import type { Details } from '../model/image.ts'
import type { ConvertJob } from '../model/job.ts'
import type { ConvertChange, ConvertPlan } from '../model/plan.ts'
import { turnsOf } from './cancel.ts'
import { checkKeepsBitmaps, planBitmaps } from './convert-bitmaps.ts'
import type { BitmapCopy } from './convert-bitmaps.ts'
import { bytesToCompare, keptSnapshots } from './convert-snapshots.ts'
import { convertingDriver, newSize } from './convert.ts'
import { losesEncryption } from './lost-encryption.ts'
import { presetSize } from './fit-preset.ts'
import { diskSize } from './new-image.ts'
import { openConvertSource } from './convert-source.ts'
import type { Parts } from './parts.ts'
import { predictedRoom } from './room.ts'
import { freeFor } from './space.ts'
import { describeLayers, survey } from './survey.ts'
import type { Survey } from './survey.ts'

export async function planConvert(job: ConvertJob, parts: Parts): Promise<ConvertPlan> {
  const driver = convertingDriver(job, parts)
  const options = completeOptions(driver.options, job.options)
  const compress = job.compress || driver.packs?.(options) === true
  await using source = await openConvertSource(job, parts)
  const details = await describeLayers(source)
  const pace = turnsOf()
  const found = await survey(source, pace)
  const virtualSize = presetSize(job.preset, newSize(job, diskSize(source.size)))
  const spec = { virtualSize, options, compress }
  checkKeepsBitmaps(job, driver, spec)
  const bitmaps = await planBitmaps(job, source.top.format, parts)
  const inSnapshots = await bytesToCompare({ job, parts, source, snapshots: keptSnapshots(job, details) }, pace)
  return {
    sourceFormat: source.top.format,
    virtualSize,
    reads: found.dataBytes + found.packedBytes + inSnapshots,
    writes: predictedRoom(driver, spec, found) + inSnapshots,
    exact: !compress && inSnapshots === 0,
    changes: changes(job, source, details, found, bitmaps),
    free: await freeFor(job.target),
    targetExists: await isThere(job.target),
    command: command(job, driver, source.top.format),
  }
}

function changes(
  job: ConvertJob,
  source: VirtualDisk,
  details: readonly Details[],
  found: Survey,
  { kept, broken }: BitmapCopy,
): readonly ConvertChange[] {
  const [top] = details
  const snapshots = top?.snapshots?.length ?? 0
  const dropped = job.keepBitmaps === true ? broken.length : (top?.bitmaps?.length ?? 0)
  const below = source.layers.slice(1).map((layer) => basename(layer.storage.name))
  const dataFiles = details.flatMap(({ dataFile }) => (dataFile === undefined ? [] : [dataFile]))
  const list: ConvertChange[] = []
  if (snapshots > 0)
    list.push({ kind: job.keepSnapshots === true ? 'snapshots-kept' : 'snapshots-dropped', count: snapshots })
  if (dropped > 0) list.push({ kind: 'bitmaps-dropped', count: dropped })
  if (kept.length > 0) list.push({ kind: 'bitmaps-kept', count: kept.length })
  if (below.length > 0) list.push({ kind: 'backing-merged', names: below, bytes: found.belowBytes })
  for (const name of dataFiles) list.push({ kind: 'data-file-merged', name })
  if (job.compress) {
    list.push({ kind: 'compressed', codec: job.options['compression_type'] === 'zstd' ? 'zstd' : 'zlib' })
  } else if (found.packedBytes > 0) {
    list.push({ kind: 'compression-removed' })
  }
  if (losesEncryption(job, details)) list.push({ kind: 'encryption-removed' })
  const enlarged = presetSize(job.preset, newSize(job, diskSize(source.size)))
  if (enlarged > source.size) list.push({ kind: 'enlarged', from: source.size, to: enlarged })
  return [...list, { kind: 'kept', virtualSize: source.size }]
}

function command(job: ConvertJob, driver: ImageDriver, sourceFormat: string): readonly string[] {
  const options = optionsText(driver.options, job.options)
  return [
    'spindle',
    'convert',
    '-f',
    sourceFormat,
    '-O',
    job.format,
    ...(job.snapshot === undefined ? [] : ['-l', `snapshot.id=${job.snapshot}`]),
    ...(job.keepSnapshots === true ? ['--snapshots'] : []),
    ...(job.keepBitmaps === true ? ['--bitmaps'] : []),
    ...(job.skipBrokenBitmaps === true ? ['--skip-broken-bitmaps'] : []),
    ...(job.compress ? ['-c'] : []),
    ...(options === '' ? [] : ['-o', options]),
    ...(job.verify ? ['--verify'] : []),
    ...(job.preset === undefined ? [] : ['--for', job.preset]),
    ...(job.overwrite === true ? ['--force'] : []),
    job.source,
    job.target,
  ]
}

async function isThere(path: string): Promise<boolean> {
  return lstat(path).then(
    () => true,
    () => false,
  )
}
