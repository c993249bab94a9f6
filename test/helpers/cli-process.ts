// The command line in one process of its own that serves a whole file of tests: folders and names are real, starts cost nothing.

import { fork } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'
import { afterAll } from 'vitest'
import type { Outcome } from './spindle.ts'

const SERVER = fileURLToPath(new URL('cli-server.ts', import.meta.url))

export interface Answer extends Outcome {
  /** Both outputs in the order they were written. */
  readonly merged: string
}

export type RunSpindle = (folder: string, words: readonly string[], name?: string) => Promise<Answer>

/** To be called outside of tests; one command at a time. */
export function spindleProcess(): RunSpindle {
  const child = fork(SERVER, { stdio: ['ignore', 'inherit', 'inherit', 'ipc'] })
  afterAll(() => child.kill())
  return async (folder, words, name = 'qemu-img') => {
    const ended = new AbortController()
    const died = once(child, 'exit', { signal: ended.signal }).then(() => {
      throw new Error(`The command line died of: ${words.join(' ')}`)
    })
    died.catch(() => {})
    child.send({ folder, name, words })
    try {
      const [answer] = (await Promise.race([once(child, 'message', { signal: ended.signal }), died])) as [Answer]
      return answer
    } finally {
      ended.abort()
    }
  }
}
