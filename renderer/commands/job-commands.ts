// Commands about jobs.

import { ListTodo, X } from 'lucide-react'
import { cancelJob, isCancellable, newestUnderWay, useJobs } from '../state/jobs.ts'
import { usePanels } from '../state/panels.ts'
import type { Command } from './command.ts'

export const jobCommands = [
  {
    id: 'jobs.show',
    title: 'command.jobs',
    icon: ListTodo,
    shortcut: '$mod+J',
    checked: () => usePanels.getState().jobs,
    run: () => usePanels.setState((state) => ({ jobs: !state.jobs })),
  },
  {
    id: 'jobs.cancel',
    title: 'command.cancelJob',
    icon: X,
    shortcut: '$mod+.',
    unavailable: () => {
      const job = newestUnderWay(useJobs.getState().jobs)
      return job && isCancellable(job) ? undefined : 'command.noRunningJob'
    },
    run: () => {
      const job = newestUnderWay(useJobs.getState().jobs)
      if (job) cancelJob(job.id)
    },
  },
] as const satisfies readonly Command[]
