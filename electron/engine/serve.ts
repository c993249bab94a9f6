// Answers the engine's methods over a message port, one reply a request, and passes its events on.

import type { MessagePort } from 'node:worker_threads'
import { ENGINE_METHODS, type EngineEvent, type EngineMessage, type EngineRequest } from '../contract/engine-port.ts'
import { SpindleError, errorData, type Engine, type EngineEvents } from '../../core/model/index.ts'

export type Emit = <Name extends keyof EngineEvents>(name: Name, value: EngineEvents[Name]) => void

/** Serves until `close` has been answered; the port is closed then, so that the thread can end. */
export function serveEngine(port: MessagePort, createEngine: (options: { emit: Emit }) => Engine): void {
  const send = (message: EngineMessage): void => port.postMessage(message)
  const engine = createEngine({
    emit: (name, value) => send({ kind: 'event', name, value } as EngineEvent),
  })
  port.on('message', (request: EngineRequest) => void answer(request))

  async function answer({ id, method, args }: EngineRequest): Promise<void> {
    try {
      send({ kind: 'reply', id, reply: { ok: true, value: await call(method, args) } })
    } catch (thrown) {
      send({ kind: 'reply', id, reply: { ok: false, error: errorData(thrown) } })
    }
    if (method === 'close') port.close()
  }

  async function call(method: keyof Engine, args: readonly unknown[]): Promise<unknown> {
    if (!Object.hasOwn(ENGINE_METHODS, method)) {
      throw new SpindleError('internal', `The engine has no method called ${method}.`)
    }
    const implementation = engine[method] as (...values: readonly unknown[]) => Promise<unknown>
    return implementation.apply(engine, [...args])
  }
}
