// One instance a profile: the first holds a lock, a second leaves its command line in the profile for it and ends.

import { randomUUID } from 'node:crypto'
import { readFileSync, renameSync, rmSync, watch, writeFileSync, type FSWatcher } from 'node:fs'
import { join } from 'node:path'

export type SecondInstance = (argv: readonly string[], workingFolder: string) => void

const LOCK = 'standin.lock'
const CALL = /^standin-call-.*\.json$/

export class SingleInstance {
  readonly #lock: string
  readonly #watcher: FSWatcher

  /** Undefined when another instance holds the profile; it has been told then. */
  static first(folder: string, onSecond: SecondInstance): SingleInstance | undefined {
    const lock = join(folder, LOCK)
    if (holderOf(lock) !== undefined) {
      const call = join(folder, `standin-call-${randomUUID()}.json`)
      writeFileSync(`${call}.part`, JSON.stringify([process.argv, process.cwd()]))
      renameSync(`${call}.part`, call)
      return undefined
    }
    writeFileSync(lock, String(process.pid))
    return new SingleInstance(folder, lock, onSecond)
  }

  private constructor(folder: string, lock: string, onSecond: SecondInstance) {
    this.#lock = lock
    this.#watcher = watch(folder, { persistent: false }, (_event, name) => {
      if (name === null || !CALL.test(name)) return
      const text = readOnce(join(folder, name))
      if (text === undefined) return
      const [argv, workingFolder] = JSON.parse(text) as [readonly string[], string]
      onSecond(argv, workingFolder)
    })
  }

  release(): void {
    this.#watcher.close()
    rmSync(this.#lock, { force: true })
  }
}

/** The process that holds the lock, if it still runs. */
function holderOf(lock: string): number | undefined {
  try {
    const holder = Number(readFileSync(lock, 'utf8'))
    process.kill(holder, 0)
    return holder
  } catch {
    return undefined
  }
}

/** One change is told more than once. */
function readOnce(path: string): string | undefined {
  try {
    const text = readFileSync(path, 'utf8')
    rmSync(path)
    return text
  } catch {
    return undefined
  }
}
