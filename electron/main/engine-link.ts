// The engine as main sees it through a message port: calls out, replies and events in.

import { ENGINE_METHODS, type EngineEvent, type EngineMessage, type EngineRequest } from '../contract/engine-port.ts'
import { SpindleError, type Engine } from '../../core/model/index.ts'

interface Waiting {
  readonly resolve: (value: unknown) => void
  readonly reject: (error: SpindleError) => void
}

/** The one place where methods are wired: every call of the engine becomes `call(method, args)`. */
export function engineFrom(call: (method: keyof Engine, args: readonly unknown[]) => Promise<unknown>): Engine {
  const methods = Object.keys(ENGINE_METHODS) as (keyof Engine)[]
  const entries = methods.map((method) => [method, (...args: readonly unknown[]) => call(method, args)])
  return Object.fromEntries(entries) as Engine
}

/** One running engine, from its start to its end. */
export class EngineLink {
  readonly #waiting = new Map<number, Waiting>()
  readonly #post: (request: EngineRequest) => void
  readonly #onEvent: (event: EngineEvent) => void
  #nextId = 1

  constructor(post: (request: EngineRequest) => void, onEvent: (event: EngineEvent) => void) {
    this.#post = post
    this.#onEvent = onEvent
  }

  call(method: keyof Engine, args: readonly unknown[]): Promise<unknown> {
    const id = this.#nextId++
    return new Promise((resolve, reject) => {
      this.#waiting.set(id, { resolve, reject })
      this.#post({ id, method, args })
    })
  }

  receive(message: EngineMessage): void {
    if (message.kind === 'event') {
      this.#onEvent(message)
      return
    }
    const waiting = this.#waiting.get(message.id)
    this.#waiting.delete(message.id)
    if (message.reply.ok) waiting?.resolve(message.reply.value)
    else waiting?.reject(SpindleError.fromData(message.reply.error))
  }

  /** The engine is gone: nobody may wait for it any longer. */
  fail(error: SpindleError): void {
    for (const { reject } of this.#waiting.values()) reject(error)
    this.#waiting.clear()
  }
}
