// Drivers of formats that are only read, or only recognised so that a user is told what they have.

import { SpindleError } from '../model/error.ts'
import type { FormatId } from '../model/image.ts'
import type { ImageBuilder, ImageDriver, ImageLayer, Measurement } from './driver.ts'

/** What of a driver makes images, for a format in which none are made. */
export function readingOnly(
  title: string,
): Pick<ImageDriver, 'title' | 'capabilities' | 'options' | 'build' | 'measure'> {
  const refuse = (): never => {
    throw new SpindleError('unsupported', `Spindle can read images in ${title} format, but not make them.`)
  }
  return {
    title,
    capabilities: {
      create: false,
      write: false,
      backing: false,
      compress: false,
      snapshots: false,
      resize: false,
      bitmaps: false,
    },
    options: [],
    build: async (): Promise<ImageBuilder> => refuse(),
    measure: (): Measurement => refuse(),
  }
}

/** Why an image of such a format cannot be written. */
export function notWritten(path: string, title: string): SpindleError {
  return new SpindleError(
    'unsupported',
    `${path} is a ${title} image, which Spindle reads but does not write. Nothing was changed. Convert it to qcow2 to work on it.`,
    { path },
  )
}

export interface RecognisedFormat {
  readonly format: FormatId
  readonly title: string
  readonly extensions: readonly string[]
  /** Whether the first bytes of a file, up to 4096, are those of this format. */
  readonly isIt: (head: Uint8Array) => boolean
  /** A sentence: what a user can do with such a file. */
  readonly wayOut: string
}

/** Names what it finds, and opens nothing. */
export function recognisedOnly({ format, title, extensions, isIt, wayOut }: RecognisedFormat): ImageDriver {
  return {
    ...readingOnly(title),
    format,
    extensions,
    probe: (head) => (isIt(head) ? 100 : 0),
    async open(storage): Promise<ImageLayer> {
      throw new SpindleError(
        'unsupported',
        `${storage.name} is a ${title}, which Spindle knows but cannot read. Nothing was changed. ${wayOut}`,
        { path: storage.name },
      )
    },
  }
}
