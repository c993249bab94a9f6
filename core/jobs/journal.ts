// The journal of jobs: what was asked, begun and ended, on disk before it happens, so that nothing is forgotten in a crash.

import fs from 'node:fs'
import { dirname, join } from 'node:path'
import { promisify } from 'node:util'
import type { Job, JobSpec, JobState } from '../model/job.ts'
import { syncFolder } from '../storage/folder.ts'
import { apply, briefly, endedJob, isAbout, linesOf, readJournal } from './journal-lines.ts'
import type { Entry, Line } from './journal-lines.ts'
import { identityOf } from './made-file.ts'

/** Ended jobs that are remembered. */
const KEPT = 500
/** Lines after which the file is written anew, with what is to be remembered. */
const MOST_LINES = 8 * KEPT

const fdatasync = promisify(fs.fdatasync)

export interface OpenedJournal {
  readonly journal: Journal
  /** One or two sentences, when the file could not be read and was set aside. */
  readonly problem?: string
}

/**
 * Each line is durable before its method returns. When one cannot be written, `failed` is told and the job goes on: a
 * volume is whole without the journal. It holds nothing of disks and no passphrases, because specs do not.
 */
export class Journal {
  readonly #path: string
  readonly #failed: (error: unknown) => void
  readonly #entries: Map<string, Entry>
  #descriptor: number
  #lines = 0
  /** The name of the file may not be durable yet. */
  #isNew = true

  private constructor(path: string, entries: Map<string, Entry>, failed: (error: unknown) => void) {
    this.#path = path
    this.#failed = failed
    this.#entries = entries
    this.#descriptor = this.#writeAnew()
  }

  /** Throws where the file can be neither read nor made. */
  static open(path: string, failed: (error: unknown) => void): OpenedJournal {
    fs.mkdirSync(dirname(path), { recursive: true, mode: 0o700 })
    const entries = readJournal(fs.existsSync(path) ? fs.readFileSync(path, 'utf8') : '')
    if (entries) return { journal: new Journal(path, entries, failed) }
    const aside = freeName(dirname(path))
    fs.renameSync(path, aside)
    return {
      journal: new Journal(path, new Map(), failed),
      problem: `The list of jobs could not be read. It is kept as ${aside}, and Spindle goes on with an empty one: jobs that were cut off before are not offered again. A volume whose change was cut off still says so.`,
    }
  }

  /** The jobs that were asked for and have not ended, in their order. */
  unfinished(): readonly Entry[] {
    return [...this.#entries.values()].filter(({ state }) => !state)
  }

  /** The jobs that were about a file and have ended, the last one first. */
  past(path: string): readonly Job[] {
    const about = [...this.#entries.values()].filter(({ spec }) => isAbout(spec, path))
    return about.flatMap((entry) => endedJob(entry) ?? []).toSorted((a, b) => (b.endedAt ?? 0) - (a.endedAt ?? 0))
  }

  async asked(id: string, spec: JobSpec, at: number): Promise<void> {
    await this.#append({ kind: 'asked', id, at, spec })
  }

  async begun(id: string, at: number): Promise<void> {
    await this.#append({ kind: 'begun', id, at })
  }

  /** To be called before a file is made; what it returns, once that is there. */
  async making(id: string, path: string): Promise<() => Promise<void>> {
    // One that is there already will not be made, and is not the job's.
    if (identityOf(path) !== undefined) return async () => {}
    await this.#append({ kind: 'making', id, path })
    return async () => {
      const identity = identityOf(path)
      if (identity !== undefined) this.#write({ kind: 'made', id, path, identity })
    }
  }

  /** Durable when it returns, which is at once: nothing may come between it and what follows. */
  final(id: string): void {
    this.#write({ kind: 'final', id })
    this.#guarded(() => fs.fdatasyncSync(this.#descriptor))
  }

  async noteEnd(id: string, state: JobState, at: number): Promise<void> {
    await this.#append({ kind: 'ended', id, at, state: briefly(state) })
    if (this.#lines <= MOST_LINES) return
    this.#guarded(() => {
      const before = this.#descriptor
      this.#descriptor = this.#writeAnew()
      fs.closeSync(before)
    })
  }

  close(): void {
    const descriptor = this.#descriptor
    if (descriptor < 0) return
    this.#descriptor = -1
    fs.closeSync(descriptor)
  }

  async #append(line: Line): Promise<void> {
    this.#write(line)
    try {
      await fdatasync(this.#descriptor)
      if (this.#isNew) await syncFolder(dirname(this.#path))
      this.#isNew = false
    } catch (error) {
      this.#failed(error)
    }
  }

  #write(line: Line): void {
    apply(this.#entries, line)
    this.#lines += 1
    this.#guarded(() => fs.writeFileSync(this.#descriptor, `${JSON.stringify(line)}\n`))
  }

  #guarded(work: () => void): void {
    try {
      work()
    } catch (error) {
      this.#failed(error)
    }
  }

  /** As a whole: a crash leaves the old file or the new one. Returns the open file, to be appended to. */
  #writeAnew(): number {
    this.#forget()
    const text = [...this.#entries.values()].flatMap(linesOf).map((line) => `${JSON.stringify(line)}\n`)
    const next = `${this.#path}.next`
    fs.rmSync(next, { force: true })
    const descriptor = fs.openSync(next, 'ax', 0o600)
    fs.writeFileSync(descriptor, text.join(''))
    fs.fdatasyncSync(descriptor)
    fs.renameSync(next, this.#path)
    this.#lines = text.length
    this.#isNew = true
    return descriptor
  }

  #forget(): void {
    const ended = [...this.#entries.values()].filter(({ state }) => state)
    for (const { id } of ended.slice(0, -KEPT)) this.#entries.delete(id)
  }
}

function freeName(folder: string): string {
  for (let number = 1; ; number += 1) {
    const path = join(folder, `jobs.broken-${number}.jsonl`)
    if (!fs.existsSync(path)) return path
  }
}
