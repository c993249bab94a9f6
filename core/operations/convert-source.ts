// The disk that a conversion reads: an image, several joined into one, or a piece of that.

import { ComposedLayer } from '../image/composed-layer.ts'
import type { Stretch } from '../image/composed-layer.ts'
import { SalvagedLayer } from '../image/salvaged-layer.ts'
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
  const whole = job.salvage === true ? new VirtualDisk([new SalvagedLayer(joined)]) : joined
  const source = range ? pieceOf(whole, range) : whole
  opened.move()
  return source
}

/** What a salvaged source has lost by now, in sentences, the sum last; none where nothing is. */
export function lossesOf({ top }: VirtualDisk): { readonly bytes: number; readonly warnings: readonly string[] } {
  const ranges = top instanceof SalvagedLayer ? top.lost : []
  const bytes = ranges.reduce((sum, { length }) => sum + length, 0)
  if (bytes === 0) return { bytes, warnings: [] }
  return {
    bytes,
    warnings: [
      ...ranges.map(
        ({ offset, length, message }) =>
          `error while reading offset ${offset}: ${length} bytes from there on could not be read and are zeros in the copy. ${message}`,
      ),
      `In all ${bytes} bytes of ${top.storage.name} could not be read. Everything else was copied.`,
    ],
  }
}

function composed([first, ...others]: readonly [VirtualDisk, ...VirtualDisk[]]): VirtualDisk {
  return new VirtualDisk([new ComposedLayer([stretch(first), ...others.map(stretch)])])
}

/** Each begins with a sector of its own. */
function stretch(disk: VirtualDisk): Stretch {
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
