// The fake engine in a worker thread of its own, served as the real one is.

import { parentPort } from 'node:worker_threads'
import { serveEngine } from '../../electron/engine/serve.ts'
import { createFakeEngine } from './fake-engine.ts'

if (!parentPort) throw new Error('this is a worker thread’s file')
serveEngine(parentPort, createFakeEngine)
