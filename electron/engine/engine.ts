// The engine's worker thread: everything that parses untrusted bytes runs here, away from windows and dialogs.

import { parentPort, workerData } from 'node:worker_threads'
import { createEngine } from '../../core/index.ts'
import type { EngineData } from '../contract/engine-port.ts'
import { serveEngine } from './serve.ts'

if (!parentPort) throw new Error('this file is the engine’s worker thread and cannot be run by itself')
const { journal } = workerData as EngineData
serveEngine(parentPort, ({ emit }) => createEngine({ emit, journal }))
