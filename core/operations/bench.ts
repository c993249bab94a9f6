// bench: how fast an image answers many small requests.

import { openDisk } from '../image/chain.ts'
import { SpindleError } from '../model/error.ts'
import { throwIfCancelled } from './cancel.ts'
import type { Parts } from './parts.ts'

export interface BenchSpec {
  readonly path: string
  readonly format?: string
  readonly count: number
  /** Requests that are under way at the same time. */
  readonly depth: number
  /** Where the first request begins, how far each next one lies behind, and how long each is. Bytes. */
  readonly offset: number
  readonly step: number
  readonly length: number
  /** Left out, it reads. What is written overwrites what the disk holds. */
  readonly write?: {
    /** The byte written, everywhere. */
    readonly pattern: number
    /** Requests between two flushes; 0 for none. */
    readonly flushEvery: number
  }
}

/** Returns the seconds it took. Behind the end of the disk it begins at its start again. */
export async function bench(spec: BenchSpec, signal: AbortSignal, parts: Parts): Promise<number> {
  const access = spec.write ? 'write' : 'read'
  const how = { ...parts, access, ...(spec.format !== undefined && { format: spec.format }) } as const
  await using disk = await openDisk(await parts.openFile(spec.path, access), how)
  if (disk.size < spec.length) {
    throw new SpindleError('invalid-argument', `${spec.path} is smaller than one request of ${spec.length} bytes.`)
  }
  const buffers = Array.from({ length: spec.depth }, () => new Uint8Array(spec.length).fill(spec.write?.pattern ?? 0))
  let sent = 0
  let position = spec.offset
  const next = (): number => {
    const at = position + spec.length > disk.size ? position % Math.max(1, disk.size - spec.length + 1) : position
    position = (at + spec.step) % disk.size
    return at
  }
  const worker = async (buffer: Uint8Array): Promise<void> => {
    while (sent < spec.count) {
      throwIfCancelled(signal)
      sent += 1
      const flushes = spec.write && spec.write.flushEvery > 0 && sent % spec.write.flushEvery === 0
      if (spec.write) await disk.write(next(), buffer)
      else await disk.read(next(), buffer)
      if (flushes === true) await disk.flush()
    }
  }
  const start = performance.now()
  await Promise.all(buffers.map(worker))
  await disk.flush()
  return (performance.now() - start) / 1000
}
