// A folder in memory: files by name, opened through the same gate as real ones.

import type { Secrets } from '../../core/crypto/secrets.ts'
import type { OpenGate } from '../../core/image/driver.ts'
import { SpindleError } from '../../core/model/error.ts'
import { MemoryStorage } from '../../core/storage/memory.ts'
import type { Storage } from '../../core/storage/storage.ts'

export class MemoryFolder implements OpenGate {
  readonly files = new Map<string, MemoryStorage>()
  secrets?: Secrets

  file(name: string): MemoryStorage {
    const file = this.files.get(name)
    if (!file)
      throw new SpindleError('missing-file', `There is no file ${JSON.stringify(name.slice(0, 80))}.`, { path: name })
    return file
  }

  async open(reference: string, _from: Storage, access: 'read' | 'write'): Promise<Storage> {
    const file = this.file(reference)
    return access === 'write' ? file : readOnly(file)
  }

  async create(reference: string): Promise<Storage> {
    if (this.files.has(reference)) throw new SpindleError('exists', `${reference} is there already.`)
    return this.add(reference)
  }

  add(name: string, content?: Uint8Array): MemoryStorage {
    const file = new MemoryStorage(name, content)
    this.files.set(name, file)
    return file
  }
}

/** The same storage as a reader has it: every change is refused. */
export function readOnly(storage: Storage): Storage {
  const refuse = async (): Promise<never> => {
    throw new SpindleError('access-denied', `${storage.name} is open for reading only.`, { path: storage.name })
  }
  return {
    name: storage.name,
    identity: storage.identity,
    writable: false,
    size: () => storage.size(),
    read: (offset, into) => storage.read(offset, into),
    segment: (offset) => storage.segment(offset),
    allocatedSize: () => storage.allocatedSize(),
    write: refuse,
    discard: refuse,
    zero: refuse,
    allocate: refuse,
    truncate: refuse,
    flush: refuse,
    close: async () => {},
    [Symbol.asyncDispose]: async () => {},
  }
}
