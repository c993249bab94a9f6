// inspect: what an image file is, and what lies below it.

import { stat } from 'node:fs/promises'
import { dirname } from 'node:path'
import { openBacking, openLayer } from '../image/chain.ts'
import type { ImageDriver, ImageLayer } from '../image/driver.ts'
import { aloneGate, pathOf } from '../image/gate.ts'
import { leadingPath } from '../image/leading.ts'
import { SpindleError, errorData } from '../model/error.ts'
import type { ErrorCode, ErrorData } from '../model/error.ts'
import type { FileFacts, ImageFacts } from '../model/image.ts'
import type { Storage } from '../storage/storage.ts'
import { systemCode, systemError } from '../storage/system-error.ts'
import type { Parts } from './parts.ts'
import { suspectOf, suspicion } from './suspicion.ts'

export interface InspectSpec {
  readonly path: string
  /** Left out, it is detected. */
  readonly format?: string
  /** Whether to go down to the backing files. Without, no second file is opened. */
  readonly chain: boolean
}

/**
 * The image and, when asked for, its backing files, top first. Throws when the image itself cannot be opened. Where the
 * chain breaks below it, the list ends with the last file that could be opened, and its `unreadable` says why.
 */
export async function inspect(spec: InspectSpec, system: Parts): Promise<readonly ImageFacts[]> {
  // What can be told of an image can be told without its passphrase: nobody is asked for it.
  const parts = { ...system, gate: { ...system.gate, secrets: undefined } }
  const chain: ImageFacts[] = []
  let { layer, unreadable } = await openTop(spec, parts)
  const seen = new Set([layer.storage.identity])
  for (;;) {
    await using current = layer
    const suspect = chain.length === 0 ? await suspectOf(current, spec.format, parts) : undefined
    const facts = await factsOf(current, unreadable ?? current.unreadable, suspect)
    const broken = facts.unreadable && facts.unreadable.code !== 'locked'
    if (!spec.chain || !current.backing || broken === true) return [...chain, facts]
    try {
      layer = await openBacking(current, current.backing, seen, parts)
    } catch (error) {
      return [...chain, { ...facts, unreadable: errorData(error) }]
    }
    // By what it calls itself it may have been found under any name.
    const isNamed = current.backing.identity === undefined
    chain.push(isNamed ? facts : { ...facts, backingPath: layer.storage.name })
  }
}

const UNREACHED = new Set<ErrorCode>(['missing-file', 'outside'])

/** An image whose data file is gone, or may not be opened, can still be described, though not read. */
async function openTop(spec: InspectSpec, parts: Parts): Promise<{ layer: ImageLayer; unreadable?: ErrorData }> {
  const path = await leadingPath(spec.path, spec.format, parts)
  const alone = { ...parts, gate: aloneGate(parts.openFile) }
  const open = async (how: Parts): Promise<ImageLayer> =>
    openLayer(await parts.openFile(path, 'read'), spec.format, 'read', how)
  if (!spec.chain) return { layer: await open(alone) }
  try {
    return { layer: await open(parts) }
  } catch (error) {
    if (!(error instanceof SpindleError) || !UNREACHED.has(error.code)) throw error
    return { layer: await open(alone), unreadable: error.toData() }
  }
}

async function factsOf(
  layer: ImageLayer,
  unreadable: ErrorData | undefined,
  suspect: ImageDriver | undefined,
): Promise<ImageFacts> {
  const { storage, format, virtualSize, backing } = layer
  const details = await layer.describe()
  const { warnings = [] } = details
  const files = await Promise.all([storage, ...(layer.files ?? [])].map(fileFacts))
  const backingPath = backing && localPath(backing.path, storage.name)
  return {
    path: storage.name,
    format,
    virtualSize,
    allocatedSize: files.reduce((sum, file) => sum + file.allocatedSize, 0),
    fileSize: files.reduce((sum, file) => sum + file.fileSize, 0),
    ...(files.length > 1 && { files }),
    modifiedAt: await modifiedAt(storage.name),
    ...(backing && { backing }),
    ...(layer.identity !== undefined && { identity: layer.identity }),
    ...(backingPath !== undefined && { backingPath }),
    details: suspect ? { ...details, warnings: [suspicion(storage.name, suspect), ...warnings] } : details,
    ...(suspect && { suggested: suspect.format }),
    ...(unreadable && { unreadable }),
  }
}

async function fileFacts(storage: Storage): Promise<FileFacts> {
  const [fileSize, allocatedSize] = [await storage.size(), await storage.allocatedSize()]
  return { path: storage.name, fileSize, allocatedSize }
}

function localPath(reference: string, from: string): string | undefined {
  try {
    return pathOf(reference, { name: from })
  } catch {
    // It names no local file: that is told when someone needs the file.
    return undefined
  }
}

async function modifiedAt(path: string): Promise<number> {
  try {
    return (await stat(path)).mtimeMs
  } catch (error) {
    // What lies inside an archive is as old as that.
    if (systemCode(error) === 'ENOTDIR') return modifiedAt(dirname(path))
    throw systemError(error, 'examine', path)
  }
}
