// What crosses the port between main and the engine's worker.

import type { Engine, EngineEvents } from '../../core/model/index.ts'
import type { Reply } from './api.ts'

/** Both ends loop over this table. A forgotten method does not compile. */
export const ENGINE_METHODS = {
  formats: true,
  inspect: true,
  allocation: true,
  history: true,
  contents: true,
  mapCells: true,
  mapExtents: true,
  predictCreate: true,
  planConvert: true,
  planResize: true,
  planCommit: true,
  planRebase: true,
  planBypass: true,
  planCompact: true,
  planTrash: true,
  planMove: true,
  checkBase: true,
  trash: true,
  undoOffer: true,
  undo: true,
  keepChange: true,
  space: true,
  lockedFile: true,
  unlock: true,
  lock: true,
  holdSecret: true,
  changeKeys: true,
  backupHeader: true,
  startJob: true,
  cancelJob: true,
  dismissJob: true,
  pauseJob: true,
  continueJob: true,
  retryJob: true,
  resumeJob: true,
  discardJob: true,
  activity: true,
  jobs: true,
  setPlaces: true,
  setAllowed: true,
  rescan: true,
  close: true,
} as const satisfies Record<keyof Engine, true>

/** What the thread is started with. */
export interface EngineData {
  /** Path of the file that jobs are remembered in. */
  readonly journal: string
}

export interface EngineRequest {
  readonly id: number
  readonly method: keyof Engine
  readonly args: readonly unknown[]
}

export type EngineMessage =
  { readonly kind: 'reply'; readonly id: number; readonly reply: Reply<unknown> } | EngineEvent

export type EngineEvent = {
  readonly [Name in keyof EngineEvents]: {
    readonly kind: 'event'
    readonly name: Name
    readonly value: EngineEvents[Name]
  }
}[keyof EngineEvents]
