// One file of a place as a row of the library: found out from its header alone.

import type { Stats } from 'node:fs'
import { basename, extname } from 'node:path'
import { SURE, surestDriver } from '../image/detect.ts'
import type { ImageDriver } from '../image/driver.ts'
import { aloneGate } from '../image/gate.ts'
import { leadingPath } from '../image/leading.ts'
import { SpindleError, errorData } from '../model/error.ts'
import type { VolumeFacts } from '../model/library.ts'
import { openFile } from '../storage/file.ts'
import type { Storage } from '../storage/storage.ts'
import { changeState, cutOff } from '../storage/undo-file.ts'

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
    const { snapshots = [] } = await layer.describe()
    const files = [storage, ...(layer.files ?? [])]
    return {
      ...bare,
      allocatedSize: await sumOf(files, (one) => one.allocatedSize()),
      fileSize: await sumOf(files, (one) => one.size()),
      virtualSize: layer.virtualSize,
      ...(layer.backing && { backing: layer.backing.path }),
      snapshotCount: snapshots.length,
      ...(layer.unreadable && { error: layer.unreadable }),
    }
  } catch (error) {
    return { ...bare, error: errorData(error) }
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
    // A block is 512 bytes here, whatever the file system's own are.
    allocatedSize: stats.blocks * 512,
    fileSize: stats.size,
    modifiedAt: stats.mtimeMs,
    snapshotCount: 0,
  }
}

function driverByName(drivers: readonly ImageDriver[], path: string): ImageDriver | undefined {
  const extension = extname(basename(path)).slice(1).toLowerCase()
  return drivers.find((driver) => driver.extensions.includes(extension))
}
