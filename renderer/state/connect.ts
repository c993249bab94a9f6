// At the start the page asks for everything; afterwards it mirrors what main tells.

import { SpindleError } from '../../core/model/index.ts'
import type { ErrorData } from '../../core/model/index.ts'
import type { Events } from '../../electron/contract/api.ts'
import { api } from './api.ts'
import { noteCheck } from './checks.ts'
import { loadTrash, noteFiles } from './trash.ts'
import { openDialog } from './dialogs.ts'
import { useFormats } from './formats.ts'
import { putJob, removeJob, useJobs } from './jobs.ts'
import { tell } from './notices.ts'
import { usePlaces } from './places.ts'
import { useSettings } from './settings.ts'
import { loadVolumes, putVolumes, removeVolumes } from './volumes.ts'

const listeners: { readonly [Name in keyof Events]?: (value: Events[Name]) => void } = {
  places: (places) => {
    usePlaces.setState({ places })
    if (places.every((place) => place.state !== 'scanning')) loadTrash()
  },
  volumes: putVolumes,
  volumesRemoved: removeVolumes,
  job: (job) => {
    putJob(job)
    noteCheck(job)
    noteFiles(job)
  },
  jobDismissed: removeJob,
  opened: (files) => openDialog({ kind: 'files', files }),
  settings: (settings) => useSettings.setState({ settings }),
  engineRestarted: tellOf,
  problem: tellOf,
}

function tellOf(problem: ErrorData): void {
  tell(SpindleError.fromData(problem))
}

/** Resolves once the window can be drawn; volumes go on arriving. */
export async function connect(runCommand: (id: string) => void): Promise<void> {
  for (const [name, listener] of Object.entries(listeners)) {
    window.spindle.on(name as keyof Events, listener as (value: unknown) => void)
  }
  window.spindle.on('command', runCommand)
  const overview = await api.overview()
  useSettings.setState({ settings: overview.settings, platform: overview.platform })
  usePlaces.setState({ places: overview.places })
  useJobs.setState({ jobs: [] })
  for (const job of overview.jobs) {
    putJob(job)
    noteCheck(job)
  }
  for (const problem of overview.problems) tellOf(problem)
  loadVolumes().catch(tell)
  loadTrash()
  api.formats().then((formats) => useFormats.setState({ formats }), tell)
}
