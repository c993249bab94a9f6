// Real files that remember every change an operation makes to them, and what a crash at any moment would have left.

import { mkdirSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { basename, join } from 'node:path'
import { fileGate } from '../../core/image/gate.ts'
import type { OpenFile } from '../../core/image/gate.ts'
import { systemParts } from '../../core/operations/parts.ts'
import type { Parts } from '../../core/operations/parts.ts'
import { MemoryStorage } from '../../core/storage/memory.ts'
import type { Storage } from '../../core/storage/storage.ts'
import { testKeyring } from './keyring.ts'
import { randomNumbers, tear } from './faulty-storage.ts'
import type { LogEntry } from './faulty-storage.ts'

interface Change {
  readonly file: string
  readonly entry: LogEntry | { readonly kind: 'create' }
  /** The files that were there just before. */
  readonly present: readonly string[]
}

export interface CrashedFiles {
  readonly description: string
  /** Content by name. */
  readonly files: ReadonlyMap<string, Uint8Array>
}

export class RecordedFiles {
  readonly #folder: string
  readonly #initial: ReadonlyMap<string, Uint8Array>
  readonly #changes: Change[] = []
  #final: readonly string[] = []

  private constructor(folder: string) {
    this.#folder = folder
    this.#initial = new Map(readdirSync(folder).map((name) => [name, readFileSync(join(folder, name))]))
  }

  /** Runs `work` on the files of a folder, which are left as it leaves them. */
  static async of(folder: string, work: (parts: Parts) => Promise<unknown>): Promise<RecordedFiles> {
    const files = new RecordedFiles(folder)
    await work(files.#parts())
    files.#final = readdirSync(folder)
    return files
  }

  get initial(): ReadonlyMap<string, Uint8Array> {
    return this.#initial
  }

  /** Of all the files together; flushes are counted as well. */
  get count(): number {
    return this.#changes.length
  }

  /**
   * States a crash may leave: the first changes and nothing else, and as many in which each file lacks some of what came
   * after its last flush. All cuts when `limit` allows that, else some of them.
   */
  async *crashStates(how: { readonly seed: number; readonly limit: number }): AsyncGenerator<CrashedFiles> {
    const random = randomNumbers(how.seed)
    const cuts = this.count + 1
    const step = Math.max(1, cuts / Math.ceil(how.limit / 2))
    for (let at = random() * step; at < cuts; at += step) {
      const issued = Math.floor(at)
      yield await this.#state(issued, `cut after change ${issued} of ${this.count}`, (entry) => entry, random)
      const disorder = (entry: LogEntry): LogEntry | undefined => {
        if (random() < 0.5) return undefined
        return entry.kind === 'write' && random() < 0.2 ? tear(entry, random) : entry
      }
      const description = `crash after change ${issued} of ${this.count}, some of those since the last flushes missing`
      yield await this.#state(issued, description, disorder, random)
    }
  }

  async #state(
    issued: number,
    description: string,
    lose: (entry: LogEntry) => LogEntry | undefined,
    random: () => number,
  ): Promise<CrashedFiles> {
    const files = new Map<string, Uint8Array>()
    for (const name of this.#presentAfter(issued, random)) {
      const storage = new MemoryStorage(name, this.#initial.get(name))
      const written = this.#writtenAs(name)
      const changes = this.#changes.slice(0, issued).map(({ file, entry }) => (file === written ? entry : undefined))
      // A name may come back: what counts is the file that was made last.
      const start = changes.findLastIndex((entry) => entry?.kind === 'create')
      const durable = changes.findLastIndex((entry) => entry?.kind === 'flush')
      for (const [index, entry] of changes.entries()) {
        if (index <= start || entry === undefined || entry.kind === 'create') continue
        const kept = index <= durable ? entry : lose(entry)
        if (kept) await replay(storage, kept)
      }
      files.set(name, await storage.bytes())
    }
    return { description, files }
  }

  /** A new file gets its name only when it is whole. */
  #writtenAs(name: string): string {
    const isOwn = this.#initial.has(name) || this.#changes.some(({ file }) => file === name)
    return isOwn ? name : `${name}.partial`
  }

  /** A file that goes between two changes may still be there after the crash. */
  #presentAfter(issued: number, random: () => number): readonly string[] {
    const later = this.#changes[issued]?.present ?? this.#final
    const earlier = this.#changes[issued - 1]?.present ?? later
    return random() < 0.5 ? later : [...new Set([...later, ...earlier])]
  }

  #parts(): Parts {
    const parts = systemParts('shared', testKeyring())
    const open: OpenFile = async (path, access) => {
      const present = readdirSync(this.#folder)
      const storage = await parts.openFile(path, access)
      const file = basename(path)
      if (access === 'create') this.#changes.push({ file, entry: { kind: 'create' }, present })
      return access === 'read' ? storage : this.#recording(storage, file)
    }
    return { ...parts, openFile: open, gate: { ...parts.gate, ...fileGate(open) } }
  }

  #recording(storage: Storage, file: string): Storage {
    const note = (entry: LogEntry): void => {
      this.#changes.push({ file, entry, present: readdirSync(this.#folder) })
    }
    const recording: Partial<Storage> = {
      // Nothing may go past the recording.
      descriptor: undefined,
      write: async (offset, from) => {
        note({ kind: 'write', offset, bytes: from.slice() })
        await storage.write(offset, from)
      },
      truncate: async (size) => {
        note({ kind: 'truncate', size })
        await storage.truncate(size)
      },
      flush: async () => {
        await storage.flush()
        note({ kind: 'flush' })
      },
      discard: async (offset, length) => {
        note({ kind: 'discard', offset, length })
        await storage.discard(offset, length)
      },
      zero: async (offset, length) => {
        note({ kind: 'zero', offset, length })
        await storage.zero(offset, length)
      },
      allocate: async (offset, length) => {
        note({ kind: 'allocate', offset, length })
        await storage.allocate(offset, length)
      },
    }
    return new Proxy(storage, {
      get: (target, name) => {
        const value: unknown = name in recording ? Reflect.get(recording, name) : Reflect.get(target, name, target)
        if (typeof value !== 'function') return value
        return (...all: unknown[]) => (value as (...all: unknown[]) => unknown).apply(target, all)
      },
    })
  }
}

/** Makes `folder` hold these files and nothing else. */
export function layOut(folder: string, files: ReadonlyMap<string, Uint8Array>): void {
  rmSync(folder, { recursive: true, force: true })
  mkdirSync(folder)
  for (const [name, bytes] of files) writeFileSync(join(folder, name), bytes)
}

async function replay(storage: MemoryStorage, entry: LogEntry): Promise<void> {
  if (entry.kind === 'write') await storage.write(entry.offset, entry.bytes)
  else if (entry.kind === 'truncate') await storage.truncate(entry.size)
  else if (entry.kind !== 'flush') await storage[entry.kind](entry.offset, entry.length)
}
