// The disk that a conversion reads: an image, several joined into one, or a piece of that.

import { ComposedLayer } from '../image/composed-layer.ts'
import type { Stretch } from '../image/composed-layer.ts'
import { VirtualDisk } from '../image/virtual-disk.ts'
import { SpindleError } from '../model/error.ts'
import type { ConvertJob } from '../model/job.ts'
import { diskSize } from './new-image.ts'
import { openSource } from './parts.ts'
import type { Parts } from './parts.ts'

/** Throws `invalid-argument` for a range that does not lie inside the disk. */
export async function openConvertSource(job: ConvertJob, parts: Parts): Promise<VirtualDisk> {
  const { more = [], range } = job
  const snapshot = job.snapshot === undefined ? undefined : { id: job.snapshot }
  await using opened = new AsyncDisposableStack()
  const first = opened.use(await openSource(job.source, job.sourceFormat, parts, snapshot))
  const disks: [VirtualDisk, ...VirtualDisk[]] = [first]
  for (const { path, format } of more) disks.push(opened.use(await openSource(path, format, parts)))
  const joined = disks.length === 1 ? first : composed(disks)
  const source = range ? pieceOf(joined, range) : joined
  opened.move()
  return source
}

function composed([first, ...others]: readonly [VirtualDisk, ...VirtualDisk[]]): VirtualDisk {
  return new VirtualDisk([new ComposedLayer([whole(first), ...others.map(whole)])])
}

/** Each begins with a sector of its own. */
function whole(disk: VirtualDisk): Stretch {
  return { disk, offset: 0, length: diskSize(disk.size) }
}

function pieceOf(disk: VirtualDisk, { offset, length }: NonNullable<ConvertJob['range']>): VirtualDisk {
  if (offset >= 0 && length >= 0 && offset + length <= disk.size) {
    return new VirtualDisk([new ComposedLayer([{ disk, offset, length }])])
  }
  throw new SpindleError(
    'invalid-argument',
    `Bytes ${offset} to ${offset + length} do not lie inside ${disk.top.storage.name}, a disk of ${disk.size} bytes. Nothing was written.`,
    { path: disk.top.storage.name },
  )
}
