// One file of a place as a row of the library: found out from its header alone.

import { existsSync, statSync } from 'node:fs'
import type { Stats } from 'node:fs'
import { basename, extname } from 'node:path'
import { SURE, surestDriver } from '../image/detect.ts'
import type { ImageDriver } from '../image/driver.ts'
import { aloneGate, pathOf } from '../image/gate.ts'
import { leadingPath } from '../image/leading.ts'
import { SpindleError, errorData } from '../model/error.ts'
import type { BackingRef } from '../model/image.ts'
import type { VolumeFacts } from '../model/library.ts'
import { openFile } from '../storage/file.ts'
import type { Storage } from '../storage/storage.ts'
import { changeState, cutOff } from '../storage/undo-file.ts'

/** What `blocks` counts in, whatever the file system's own are. */
const BLOCK = 512

export interface FoundFile {
  readonly path: string
  readonly place: string
  /** As the row shows it. */
  readonly name: string
  readonly stats: Stats
  /** Named by the user: then it is a volume whatever it is called. */
  readonly chosen: boolean
}

/** Whether the name alone tells that a file may be a volume. */
export function hasImageName(drivers: readonly ImageDriver[], path: string): boolean {
  return driverByName(drivers, path) !== undefined
}

/** A file that is still being written, or that file managers hide. */
export function isPassedOver(name: string): boolean {
  return name.startsWith('.') || name.endsWith('.partial')
}

/** The row for a file, or undefined when it is no volume. What cannot be opened is a row with its error. */
export async function readVolume(file: FoundFile, drivers: readonly ImageDriver[]): Promise<VolumeFacts | undefined> {
  const named = driverByName(drivers, file.path)
  try {
    if ((await changeState(file.path)) === 'cut-off') throw cutOff(file.path)
    await using storage = await openFile(await leadingPath(file.path, undefined, { drivers, openFile }), 'read')
    const driver = await chooseDriver(file, named, drivers, storage)
    return driver && (await describe(file, driver, storage))
  } catch (error) {
    const gone = error instanceof SpindleError && error.code === 'not-found'
    if (gone || (!named && !file.chosen)) return undefined
    return { ...bareFacts(file), ...(named && { format: named.format }), error: errorData(error) }
  }
}

async function chooseDriver(
  file: FoundFile,
  named: ImageDriver | undefined,
  drivers: readonly ImageDriver[],
  storage: Storage,
): Promise<ImageDriver | undefined> {
  const guess = await surestDriver(drivers, storage)
  if (guess && guess.confidence >= SURE) return guess.driver
  // No signature: the name decides, and where it promises one the driver says what is missing.
  return named ?? (file.chosen ? drivers.find((driver) => driver.format === 'raw') : undefined)
}

async function describe(file: FoundFile, driver: ImageDriver, storage: Storage): Promise<VolumeFacts> {
  const bare = { ...bareFacts(file), format: driver.format }
  try {
    await using layer = await driver.open(storage, aloneGate(openFile), 'read')
    const { snapshots = [], dataFile, encrypted } = await layer.describe()
    const files = [storage, ...(layer.files ?? [])]
    const beside = dataFile === undefined ? undefined : localPath(dataFile, file.path)
    const data = beside === undefined ? undefined : statSync(beside, { throwIfNoEntry: false })
    const members = [...(layer.files ?? []).map(({ name }) => name), ...(beside === undefined ? [] : [beside])]
    return {
      ...bare,
      allocatedSize: (await sumOf(files, (one) => one.allocatedSize())) + (data?.blocks ?? 0) * BLOCK,
      fileSize: (await sumOf(files, (one) => one.size())) + (data?.size ?? 0),
      virtualSize: layer.virtualSize,
      ...(layer.backing && backingFacts(layer.backing, file.path)),
      ...(layer.identity !== undefined && { identity: layer.identity }),
      ...(members.length > 0 && { members }),
      snapshotCount: snapshots.length,
      ...(encrypted === true && { encrypted }),
      // Locked is no trouble, but what it is for.
      ...(layer.unreadable && layer.unreadable.code !== 'locked' && { error: layer.unreadable }),
    }
  } catch (error) {
    return { ...bare, error: errorData(error) }
  }
}

function backingFacts(backing: BackingRef, from: string): Partial<VolumeFacts> {
  const names = [backing.path, ...(backing.alternatives ?? [])]
  const paths = names.flatMap((name) => localPath(name, from) ?? [])
  const path = paths.find((one) => existsSync(one)) ?? paths[0]
  return {
    backing: backing.path,
    ...(path !== undefined && { backingPath: path }),
    ...(backing.identity !== undefined && { backingIdentity: backing.identity }),
  }
}

/** Undefined for what names no local file, such as `uuid:…`. */
function localPath(reference: string, from: string): string | undefined {
  try {
    return pathOf(reference, { name: from })
  } catch (error) {
    if (error instanceof SpindleError) return undefined
    throw error
  }
}

async function sumOf(files: readonly Storage[], size: (file: Storage) => Promise<number>): Promise<number> {
  const sizes = await Promise.all(files.map(size))
  return sizes.reduce((sum, one) => sum + one, 0)
}

function bareFacts({ path, place, name, stats }: FoundFile): VolumeFacts {
  return {
    path,
    place,
    name,
    allocatedSize: stats.blocks * BLOCK,
    fileSize: stats.size,
    modifiedAt: stats.mtimeMs,
    inode: String(stats.ino),
    snapshotCount: 0,
  }
}

function driverByName(drivers: readonly ImageDriver[], path: string): ImageDriver | undefined {
  const extension = extname(basename(path)).slice(1).toLowerCase()
  return drivers.find((driver) => driver.extensions.includes(extension))
}
