// The one error of the engine, and its plain form that crosses threads and processes.

/** Codes a caller must be able to tell apart; everything else is the message's business. */
export type ErrorCode =
  | 'not-found' // the file or folder is not there
  | 'access-denied' // it is there, but may not be read or written
  | 'exists' // the target is there already and overwriting was not asked for
  | 'no-space' // the file system, or a quota, is full
  | 'in-use' // another program holds the image
  | 'invalid-image' // the bytes on disk break their format's rules
  | 'unsupported' // a valid image or request that this engine has no part for
  | 'missing-file' // a file the image refers to (backing file, data file) cannot be opened
  | 'outside' // a file the image refers to lies outside its folder, and nobody has allowed it
  | 'locked' // it is encrypted, and nobody has given the passphrase
  | 'invalid-argument' // the request itself makes no sense
  | 'differs' // a verification found other bytes than were meant to be there
  | 'cancelled'
  | 'io' // the system failed to read or write
  | 'internal' // a fault of ours

export interface ErrorData {
  readonly code: ErrorCode
  /** One plain sentence or two: what is wrong, where, what is safe, what to do. */
  readonly message: string
  readonly path?: string
  /** A second file that it is about. */
  readonly other?: string
  /** Bytes from the start of the file named by `path`. */
  readonly offset?: number
  /** What was being done, in the user's words: `convert`, `create`. */
  readonly operation?: string
}

export interface ErrorPlace {
  readonly path?: string | undefined
  readonly other?: string | undefined
  readonly offset?: number | undefined
  readonly operation?: string | undefined
  readonly cause?: unknown
}

export class SpindleError extends Error {
  override readonly name = 'SpindleError'
  readonly code: ErrorCode
  readonly path: string | undefined
  readonly other: string | undefined
  readonly offset: number | undefined
  readonly operation: string | undefined

  constructor(code: ErrorCode, message: string, place: ErrorPlace = {}) {
    super(harmless(message), place.cause === undefined ? undefined : { cause: place.cause })
    this.code = code
    this.path = place.path
    this.other = place.other
    this.offset = place.offset
    this.operation = place.operation
  }

  toData(): ErrorData {
    return {
      code: this.code,
      message: this.message,
      ...(this.path !== undefined && { path: this.path }),
      ...(this.other !== undefined && { other: this.other }),
      ...(this.offset !== undefined && { offset: this.offset }),
      ...(this.operation !== undefined && { operation: this.operation }),
    }
  }

  static fromData(data: ErrorData): SpindleError {
    return new SpindleError(data.code, data.message, data)
  }
}

/** Names and texts in it may come out of images: nothing that a terminal obeys, or that turns the line round. */
function harmless(message: string): string {
  return message.replaceAll(/(?!\n)\p{Cc}|\p{Bidi_Control}/gu, (one) => `\\u{${one.charCodeAt(0).toString(16)}}`)
}

/** What could not be done to a file at all, as opposed to what went wrong while it was used. */
export type FailedDeed = 'open' | 'create'

const DEEDS = new WeakMap<SpindleError, FailedDeed>()

/** Notes of errors that it was this that failed; what is nearer to the cause has noted it before. */
export async function attempting<T>(deed: FailedDeed, action: () => Promise<T>): Promise<T> {
  try {
    return await action()
  } catch (error) {
    if (error instanceof SpindleError && !DEEDS.has(error)) DEEDS.set(error, deed)
    throw error
  }
}

export function failedDeed(error: unknown): FailedDeed | undefined {
  return error instanceof SpindleError ? DEEDS.get(error) : undefined
}

/** Any thrown value as plain data. What is not a SpindleError is a fault of ours and is called that. */
export function errorData(thrown: unknown): ErrorData {
  if (thrown instanceof SpindleError) return thrown.toData()
  // What went wrong first matters more than what went wrong while tidying up after it.
  if (thrown instanceof SuppressedError) return errorData(thrown.suppressed)
  const text = thrown instanceof Error ? thrown.message : String(thrown)
  return { code: 'internal', message: `Spindle made a mistake: ${text}` }
}

export function assertNever(value: never): never {
  throw new SpindleError('internal', `unexpected value ${JSON.stringify(value)}`)
}
