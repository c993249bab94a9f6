// The script of a pool thread: carries out windows on files that the pool has open.

import { parentPort } from 'node:worker_threads'
import type { MessagePort } from 'node:worker_threads'
import { SpindleError, assertNever, errorData } from '../model/error.ts'
import { borrowFile } from '../storage/file.ts'
import { libc } from '../storage/libc.ts'
import type { Storage } from '../storage/storage.ts'
import { Buffers } from './buffers.ts'
import { compareWindow } from './compare-window.ts'
import { moveWindow } from './move.ts'
import { LocalMover } from './mover.ts'
import type { ScannedWindow } from './mover.ts'
import type { FileReference, Reply, Request, StopFlag } from './protocol.ts'

const port = parentPort
if (!port) throw new SpindleError('internal', 'This script runs in a worker thread only.')

const buffers = new Buffers()
const scanned = new Map<number, ScannedWindow>()
let last: Promise<void> = Promise.resolve()

// Loading takes a moment too: it belongs to starting.
libc()
const hello: Reply = { id: 0, kind: 'done' }
// oxlint-disable-next-line unicorn/require-post-message-target-origin -- a port is no window
port.postMessage(hello)

port.on('message', (request: Request) => {
  // One after the other: they share buffers.
  last = serve(request, port, last)
})

async function serve(request: Request, pool: MessagePort, earlier: Promise<void>): Promise<void> {
  await earlier
  const reply = await answer(request).catch((error: unknown): Reply => {
    return { id: request.id, kind: 'failed', error: errorData(error) }
  })
  // oxlint-disable-next-line unicorn/require-post-message-target-origin -- a port is no window
  pool.postMessage(reply)
  if (request.kind === 'close') pool.close()
}

async function answer(request: Request): Promise<Reply> {
  const { id } = request
  switch (request.kind) {
    case 'scan': {
      const { shape, portable, crowded, durable, stop } = request
      const task = { target: opened(request.target, true), shape, portable, crowded, durable, check: checkOf(stop) }
      const window = await new LocalMover(task, buffers).scan(withStorages(request.window))
      scanned.set(id, window)
      return { id, kind: 'scanned', runs: window.runs }
    }
    case 'copy': {
      const { moves, places, portable, crowded, durable, stop } = request
      const tools = { buffers, portable, crowded, durable, check: checkOf(stop) }
      const { sources } = withStorages(request)
      await moveWindow(sources, { runs: [], moves, buffer: undefined }, places, opened(request.target, true), tools)
      return { id, kind: 'done' }
    }
    case 'move':
      await taken(id)?.move(request.places)
      return { id, kind: 'done' }
    case 'drop':
      taken(id)?.drop()
      return { id, kind: 'done' }
    case 'compare': {
      const differences = await compareWindow(withStorages(request.window), buffers.scratch, checkOf(request.stop))
      return { id, kind: 'compared', differences }
    }
    case 'close':
      return { id, kind: 'done' }
    default:
      return assertNever(request)
  }
}

function taken(id: number): ScannedWindow | undefined {
  const window = scanned.get(id)
  scanned.delete(id)
  return window
}

function withStorages<W extends { readonly sources: readonly FileReference[] }>(
  window: W,
): Omit<W, 'sources'> & { readonly sources: readonly Storage[] } {
  return { ...window, sources: window.sources.map((file) => opened(file, false)) }
}

function opened(file: FileReference, writable: boolean): Storage {
  return borrowFile(file.descriptor, file.name, { writable })
}

function checkOf(stop: StopFlag): () => void {
  const flag = new Int32Array(stop)
  return () => {
    if (Atomics.load(flag, 0) !== 0) throw new SpindleError('cancelled', 'Cancelled. Nothing was changed.')
  }
}
