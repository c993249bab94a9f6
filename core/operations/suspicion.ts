// Telling that a file which was taken for a raw disk may be something else: nothing but its user knows.

import { surestDriver } from '../image/detect.ts'
import type { ImageDriver, ImageLayer } from '../image/driver.ts'
import type { Parts } from './parts.ts'

/** The driver that suspects the file to be its own, when no format was stated and none is sure. */
export async function suspectOf(
  { format, storage }: Pick<ImageLayer, 'format' | 'storage'>,
  stated: string | undefined,
  { drivers }: Pick<Parts, 'drivers'>,
): Promise<ImageDriver | undefined> {
  if (stated !== undefined || format !== 'raw' || (await storage.size()) === 0) return undefined
  const guess = await surestDriver(drivers, storage)
  return guess?.driver.format === 'raw' ? undefined : guess?.driver
}

export function suspicion(path: string, { title, format }: Pick<ImageDriver, 'title' | 'format'>): string {
  return `${path} was taken for a raw disk, but it ends as a ${title} does, which a raw disk can do by chance or on purpose. If it is one, say that its format is ${format}.`
}
