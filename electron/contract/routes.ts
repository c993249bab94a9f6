// Every route once: preload, router and engine loop over this table. A forgotten method does not compile.

import type { Api, Events } from './api.ts'

/** Who answers. */
export const ROUTES = {
  formats: 'engine',
  inspect: 'engine',
  allocation: 'engine',
  history: 'engine',
  contents: 'engine',
  predictCreate: 'engine',
  planConvert: 'engine',
  planResize: 'engine',
  planCommit: 'engine',
  planRebase: 'engine',
  undoOffer: 'engine',
  undo: 'engine',
  keepChange: 'engine',
  startJob: 'engine',
  cancelJob: 'engine',
  dismissJob: 'engine',
  pauseJob: 'engine',
  continueJob: 'engine',
  retryJob: 'engine',
  resumeJob: 'engine',
  discardJob: 'engine',
  activity: 'engine',
  rescan: 'engine',
  overview: 'shell',
  volumes: 'shell',
  chooseFolder: 'shell',
  chooseFiles: 'shell',
  folder: 'shell',
  folderOf: 'shell',
  addToLibrary: 'shell',
  removePlace: 'shell',
  showInFolder: 'shell',
  copyText: 'shell',
  saveSettings: 'shell',
} as const satisfies Record<keyof Api, 'engine' | 'shell'>

export const EVENTS = {
  places: true,
  volumes: true,
  volumesRemoved: true,
  job: true,
  jobDismissed: true,
  settings: true,
  opened: true,
  command: true,
  engineRestarted: true,
  problem: true,
} as const satisfies Record<keyof Events, true>
