// The thread the cases run in: one that hangs, or takes all memory, is ended from outside.

import { parentPort, workerData } from 'node:worker_threads'
import { caseOf } from './case.ts'
import { trial } from './trial.ts'
import { victims } from './victims.ts'

export interface WorkerData {
  readonly format: string | undefined
  readonly firstSeed: number
}

/** Before a case only its seed is told; afterwards also what went wrong, if something did. */
export interface WorkerMessage {
  readonly seed: number
  readonly isOver: boolean
  readonly problem?: string
}

const { format, firstSeed } = workerData as WorkerData
const among = await victims(format)
const port = parentPort
if (!port) throw new Error('this runs in a thread of its own')
const say = (message: WorkerMessage): void => port.postMessage(message)

for (let seed = firstSeed; ; seed += 1) {
  say({ seed, isOver: false })
  const { mutant, random } = caseOf(seed, among)
  const problem = await trial(mutant, random)
  say({ seed, isOver: true, ...(problem !== undefined && { problem }) })
}
