// Finding out which format a file is in.

import { SpindleError } from '../model/error.ts'
import type { Storage } from '../storage/storage.ts'
import type { Confidence, ImageDriver } from './driver.ts'

/** Bytes shown to a driver from either end of the file. */
const PROBE_SIZE = 4096

/** From this on a driver knows a file by its signature; below, it only says that it might be its own. */
export const SURE: Confidence = 50

export interface Detection {
  readonly drivers: readonly ImageDriver[]
  /** What a driver only suspects is settled by the name of the file, where people gave it one that says so. */
  readonly byName?: boolean
}

/**
 * The driver that is sure of the file, or else raw, which can be anything: what another only suspects is not taken for
 * granted.
 */
export async function detectDriver({ drivers, byName }: Detection, storage: Storage): Promise<ImageDriver> {
  if ((await storage.size()) === 0) {
    throw new SpindleError(
      'invalid-image',
      `${storage.name} is empty, so it is no disk image. If it is meant to be a raw disk without a single byte, name the format raw.`,
      { path: storage.name },
    )
  }
  const best = await surestDriver(drivers, storage)
  if (best && (best.confidence >= SURE || (byName === true && isNamed(best.driver, storage)))) return best.driver
  const raw = drivers.find((driver) => driver.format === 'raw')
  if (!raw)
    throw new SpindleError('unsupported', `${storage.name} is in no format Spindle knows.`, { path: storage.name })
  return raw
}

/** Whether the file is called as images of the format are. */
export function isNamed({ extensions }: ImageDriver, { name }: Pick<Storage, 'name'>): boolean {
  return extensions.some((extension) => name.toLowerCase().endsWith(`.${extension}`))
}

export interface Guess {
  readonly driver: ImageDriver
  readonly confidence: Confidence
}

/** Asks every driver how sure it is of the file; the first of the surest wins. Reads at most 8 KiB. */
export async function surestDriver(drivers: readonly ImageDriver[], storage: Storage): Promise<Guess | undefined> {
  const { head, tail, size } = await ends(storage)
  let best: Guess | undefined
  for (const driver of drivers) {
    const confidence = driver.probe(head, tail, size)
    if (confidence > (best?.confidence ?? 0)) best = { driver, confidence }
  }
  return best
}

/** What is in another format than was stated is called that, instead of telling of the first number that makes no sense. */
export async function takenFor<T>(driver: ImageDriver, storage: Storage, open: () => Promise<T>): Promise<T> {
  try {
    return await open()
  } catch (error) {
    if (!(error instanceof SpindleError) || error.code !== 'invalid-image') throw error
    const { head, tail, size } = await ends(storage)
    if (driver.probe(head, tail, size) > 0) throw error
    throw new SpindleError('invalid-image', `${storage.name} is not in ${driver.format} format.`, {
      path: storage.name,
      cause: error,
    })
  }
}

async function ends(storage: Storage) {
  const size = await storage.size()
  const head = new Uint8Array(Math.min(PROBE_SIZE, size))
  await storage.read(0, head)
  const tail = new Uint8Array(head.length)
  await storage.read(size - tail.length, tail)
  return { head, tail, size }
}

/** The driver of a format by qemu's name for it. Throws `unsupported` with the names there are. */
export function driverOf(drivers: readonly ImageDriver[], format: string): ImageDriver {
  const driver = drivers.find((one) => one.format === format)
  if (driver) return driver
  const known = drivers.map((one) => one.format).join(', ')
  throw new SpindleError('unsupported', `Spindle has no format “${format}”. Known: ${known}.`)
}
