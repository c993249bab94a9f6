// What the system says when a file cannot be used, as an error with a plain sentence.

import { basename, dirname } from 'node:path'
import { SpindleError } from '../model/error.ts'
import type { ErrorCode } from '../model/error.ts'

/** What was being done to the file. */
export type FileDeed = 'open' | 'open for writing' | 'create' | 'read' | 'write' | 'resize' | 'flush' | 'examine'

/** The error for a failed call on the file at `path`. A SpindleError passes unchanged. */
export function systemError(thrown: unknown, deed: FileDeed, path: string, offset?: number): SpindleError {
  if (thrown instanceof SpindleError) return thrown
  const [code, message] = describe(systemCode(thrown), { deed, path, offset, thrown })
  return new SpindleError(code, message, { path, offset, cause: thrown })
}

export function systemCode(thrown: unknown): string | undefined {
  if (!(thrown instanceof Error) || !('code' in thrown)) return undefined
  return typeof thrown.code === 'string' ? thrown.code : undefined
}

/** Names out of images may be as long as their room. */
export function inShort(path: string): string {
  return path.length > 160 ? `${path.slice(0, 80)}…${path.slice(-60)}` : path
}

interface Failure {
  readonly deed: FileDeed
  readonly path: string
  readonly offset: number | undefined
  readonly thrown: unknown
}

function describe(code: string | undefined, failure: Failure): readonly [ErrorCode, string] {
  const { deed, path, offset, thrown } = failure
  switch (code) {
    case 'ENOENT':
      return deed === 'create'
        ? ['not-found', `The folder ${dirname(path)} does not exist, so ${basename(path)} cannot be created in it.`]
        : ['not-found', `There is no file ${path}. Check its name and folder.`]
    case 'ENOTDIR':
      return ['not-found', `There is no file ${path}: a part of its path is a file and not a folder.`]
    case 'EEXIST':
      return ['exists', `${path} exists already and was not touched. Choose another name, or allow overwriting it.`]
    case 'EACCES':
    case 'EPERM':
      return ['access-denied', denial(deed, path)]
    case 'EROFS':
      return [
        'access-denied',
        `${path} lies on a file system that is mounted read-only, so nothing can be written there.`,
      ]
    case 'EISDIR':
      return ['invalid-argument', `${path} is a folder, not a disk image.`]
    case 'ENXIO':
    case 'ENODEV':
      return [
        'invalid-argument',
        `${path} is a socket, a pipe or a device that is not there; a disk image is a regular file or a block device.`,
      ]
    case 'ENAMETOOLONG':
      return ['invalid-argument', `The file name ${inShort(path)} is longer than the file system allows.`]
    case 'ELOOP':
      return ['invalid-argument', `${path} cannot be opened: its symbolic links lead in a circle.`]
    case 'ERR_INVALID_ARG_VALUE':
      return ['invalid-argument', `${JSON.stringify(path)} cannot be the name of a file.`]
    case 'ENOSPC':
      return ['no-space', `The file system of ${path} is full. Make room there, or choose another folder.`]
    case 'EDQUOT':
      return [
        'no-space',
        `Your quota on the file system of ${path} is used up. Make room there, or choose another folder.`,
      ]
    case 'EFBIG':
      return ['no-space', `The file system of ${path} cannot hold a file this large. Choose another folder.`]
    case 'EBUSY':
    case 'ETXTBSY':
      return ['in-use', `${path} is in use by another program or by the system.`]
    case 'EMFILE':
    case 'ENFILE':
      return ['io', `${path} cannot be opened: too many files are open already. Close some images and try again.`]
    case 'EIO':
      return [
        'io',
        `The device that holds ${path} failed to ${verb(deed)} it${offset === undefined ? '' : ` at byte ${offset}`}. Check the device and its cable before you go on.`,
      ]
    case undefined:
      return [
        'internal',
        `Spindle made a mistake with ${path}: ${thrown instanceof Error ? thrown.message : String(thrown)}`,
      ]
    default:
      return ['io', `The system could not ${verb(deed)} ${path}: ${explanation(thrown)}.`]
  }
}

function denial(deed: FileDeed, path: string): string {
  switch (deed) {
    case 'create':
      return `You have no permission to create files in ${dirname(path)}. Choose another folder, or ask its owner.`
    case 'open for writing':
    case 'write':
    case 'resize':
    case 'flush':
      return `You have no permission to write ${path}. Ask its owner, or change its permissions.`
    default:
      return `You have no permission to read ${path}. Ask its owner, or change its permissions.`
  }
}

function verb(deed: FileDeed): string {
  return deed === 'flush' ? 'save' : deed === 'open for writing' ? 'open' : deed
}

/** The words in a message of Node's such as `ESTALE: stale file handle, read`. */
function explanation(thrown: unknown): string {
  const words = thrown instanceof Error ? /^\w+: ([^,]+)/.exec(thrown.message)?.[1] : undefined
  return words ?? 'it gave no reason'
}
