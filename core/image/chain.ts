// Opening an image together with the backing files below it.

import { SpindleError, attempting } from '../model/error.ts'
import type { ErrorCode } from '../model/error.ts'
import type { BackingRef } from '../model/image.ts'
import type { Storage } from '../storage/storage.ts'
import { detectDriver, driverOf, takenFor } from './detect.ts'
import type { Detection } from './detect.ts'
import type { Access, ImageLayer, OpenGate } from './driver.ts'
import { statedFormat } from './reference.ts'
import { VirtualDisk } from './virtual-disk.ts'

/** Deeper chains are refused: no one builds them on purpose, and each layer costs memory. */
export const MAX_CHAIN_DEPTH = 256

export interface OpenChain extends Detection {
  readonly gate: OpenGate
  /** Left out, the top's format is detected. */
  readonly format?: string
  /** For the top layer; everything below it is only ever read. */
  readonly access: Access
  /** Instead of the disk as it is now: what a snapshot inside the image has kept. */
  readonly snapshot?: SnapshotPart
}

export interface SnapshotPart {
  readonly id: string
  /** The machine state saved with it, instead of the disk. */
  readonly part?: 'disk' | 'state'
}

/**
 * Opens the image in `storage` and its whole backing chain. Takes the storage over: it is closed also when this throws.
 * Throws `missing-file` for a backing file that is not there and `invalid-image` for a chain that loops.
 */
export async function openDisk(storage: Storage, how: OpenChain): Promise<VirtualDisk> {
  const top = await openTop(storage, how)
  const layers: [ImageLayer, ...ImageLayer[]] = [top]
  try {
    const seen = new Set([storage.identity])
    for (let layer = top; layer.backing && !layer.unreadable;) {
      layer = await openBacking(layer, layer.backing, seen, how)
      layers.push(layer)
    }
    return new VirtualDisk(layers)
  } catch (error) {
    for (const layer of layers) await layer.close()
    throw error
  }
}

async function openTop(storage: Storage, how: OpenChain): Promise<ImageLayer> {
  const layer = await openLayer(storage, how.format, how.access, how)
  if (!how.snapshot || layer.unreadable) return layer
  try {
    if (layer.snapshots) return await layer.snapshots.open(how.snapshot.id, how.snapshot.part)
    throw new SpindleError('unsupported', `${storage.name} is in ${layer.format} format, which has no snapshots.`, {
      path: storage.name,
    })
  } catch (error) {
    await layer.close()
    throw error
  }
}

/** Opens one image without what lies below it. Takes the storage over, also when this throws. */
export async function openLayer(
  storage: Storage,
  format: string | undefined,
  access: Access,
  how: Pick<OpenChain, 'drivers' | 'byName' | 'gate'>,
): Promise<ImageLayer> {
  try {
    return await attempting('open', async () => {
      if (format === undefined) return (await detectDriver(how, storage)).open(storage, how.gate, access)
      const driver = driverOf(how.drivers, format)
      return takenFor(driver, storage, async () => driver.open(storage, how.gate, access))
    })
  } catch (error) {
    await storage.close()
    throw error
  }
}

/** Opens the backing file of `layer`, whose chain so far are the storages in `seen`, and adds it there. */
export async function openBacking(
  layer: ImageLayer,
  backing: BackingRef,
  seen: Set<string>,
  how: Pick<OpenChain, 'drivers' | 'byName' | 'gate'>,
): Promise<ImageLayer> {
  const { name } = layer.storage
  if (seen.size >= MAX_CHAIN_DEPTH) {
    throw new SpindleError(
      'invalid-image',
      `The backing chain of ${name} is more than ${MAX_CHAIN_DEPTH} files deep. Flatten it first.`,
      { path: name },
    )
  }
  const storage = await attempting('open', async () => openFirst(backing, layer.storage, how.gate))
  if (seen.has(storage.identity)) {
    await storage.close()
    throw new SpindleError(
      'invalid-image',
      `The backing chain loops: ${name} names ${storage.name} as its backing file, which is above it already. Nothing was changed. Give it its right backing file with a rebase.`,
      { path: name },
    )
  }
  seen.add(storage.identity)
  const below = await openLayer(storage, backing.format ?? statedFormat(backing.path), 'read', how)
  if (backing.identity === undefined || backing.identity === below.identity) return below
  await below.close()
  throw new SpindleError(
    'invalid-image',
    `${name} lies on an image that calls itself ${backing.identity}, but ${storage.name} calls itself ${below.identity ?? 'nothing'}: it is another file, or it was changed since. What is read through it could be wrong. Nothing was changed. Put the right file back.`,
    { path: name },
  )
}

const NOT_THERE = new Set<ErrorCode>(['missing-file', 'unsupported', 'outside'])

/** By the first of its names that leads to a file. */
async function openFirst(backing: BackingRef, from: Storage, gate: OpenGate): Promise<Storage> {
  try {
    return await gate.open(backing.path, from, 'read')
  } catch (error) {
    // A name from another system may be none here at all.
    if (!(error instanceof SpindleError) || !NOT_THERE.has(error.code)) throw error
    const [next, ...others] = backing.alternatives ?? []
    if (next === undefined) throw error
    // When none of them does, what is said is about the first.
    return openFirst({ path: next, alternatives: others }, from, gate).catch(() => Promise.reject(error))
  }
}
