// What the fuzzer damages: the files of a sound image, and where in them something stands that a program goes by.

import type { Field } from '../../core/bytes/field.ts'
import type { FormatId } from '../../core/model/image.ts'
import type { Storage } from '../../core/storage/storage.ts'
import { MemoryFolder } from '../helpers/memory-gate.ts'
import { testKeyring } from '../helpers/keyring.ts'

/** A number of 1, 2, 4 or 8 bytes, or a run of bytes. */
export interface Place {
  readonly name: string
  readonly offset: number
  readonly size: number
}

export interface Victim {
  readonly name: string
  readonly format: FormatId
  /** Content by name; the image itself is called `disk`. */
  readonly files: ReadonlyMap<string, Uint8Array>
  readonly places: readonly Place[]
  readonly littleEndian: boolean
  /** Puts checksums right, so that more than those is found wrong. */
  readonly seal?: (bytes: Uint8Array) => void
  /** Takes back what makes an image only slow, as its maker may wish it: a passphrase that is long to try. */
  readonly tame?: (bytes: Uint8Array) => void
}

/** A victim damaged in some way. */
export interface Mutant {
  readonly format: FormatId
  /** What was done to it, in words. */
  readonly words: string
  readonly files: ReadonlyMap<string, Uint8Array>
  /** Bytes, where the file is longer than its content. */
  readonly size?: number
}

/** Copies of the files, each time anew. */
export async function folderOf({ files, size }: Pick<Mutant, 'files' | 'size'>): Promise<MemoryFolder> {
  const folder = new MemoryFolder()
  folder.secrets = testKeyring()
  for (const [name, bytes] of files) folder.add(name, bytes)
  if (size !== undefined) await folder.file('disk').truncate(size)
  return folder
}

/** All fields of a structure that lies at `offset`. */
export function placesOf(
  structure: {
    readonly title: string
    readonly fields: Readonly<Record<string, Pick<Field<unknown>, 'offset' | 'size'>>>
  },
  offset: number,
): readonly Place[] {
  return Object.entries(structure.fields).map(([name, field]) => ({
    name: `${structure.title} ${name}`,
    offset: offset + field.offset,
    size: field.size,
  }))
}

/** Entries of a table, its first ones and its last. */
export function entriesOf(name: string, offset: number, size: number, count: number): readonly Place[] {
  const indexes = [...new Set([0, 1, 2, 3, count - 1])].filter((index) => index >= 0 && index < count)
  return indexes.map((index) => ({ name: `${name}[${index}]`, offset: offset + index * size, size }))
}

/** The words that looking at the image reads, beside its fields: tables nobody named. */
export class Traced {
  readonly ranges: { readonly offset: number; readonly length: number }[] = []

  over(storage: Storage): Storage {
    const note = (offset: number, into: Uint8Array): void => {
      if (into.length > 0) this.ranges.push({ offset, length: into.length })
    }
    return new Proxy(storage, {
      get: (target, name) => {
        if (name === 'read')
          return async (offset: number, into: Uint8Array) => {
            note(offset, into)
            return target.read(offset, into)
          }
        if (name === 'readNow' || name === 'descriptor') return undefined
        const value: unknown = Reflect.get(target, name, target)
        if (typeof value !== 'function') return value
        return (...all: unknown[]) => (value as (...all: unknown[]) => unknown).apply(target, all)
      },
    })
  }
}
