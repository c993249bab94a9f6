// Commands about jobs.

import { ListTodo, Pause, Play, X } from 'lucide-react'
import { cancelJob, continueJob, isCancellable, isPaused, newestUnderWay, pauseJob, useJobs } from '../state/jobs.ts'
import { usePanels } from '../state/panels.ts'
import { showPage } from '../state/view.ts'
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
    id: 'jobs.page',
    title: 'command.jobsPage',
    icon: ListTodo,
    shortcut: '$mod+Shift+J',
    run: () => showPage('jobs'),
  },
  {
    id: 'jobs.pause',
    title: 'command.pauseJob',
    icon: Pause,
    unavailable: () => {
      const job = newestUnderWay(useJobs.getState().jobs)
      return job && isCancellable(job) && !isPaused(job) ? undefined : 'command.noPausableJob'
    },
    run: () => {
      const job = newestUnderWay(useJobs.getState().jobs)
      if (job) pauseJob(job.id)
    },
  },
  {
    id: 'jobs.continue',
    title: 'command.continueJob',
    icon: Play,
    unavailable: () => (useJobs.getState().jobs.some(isPaused) ? undefined : 'command.noPausableJob'),
    run: () => {
      const job = useJobs.getState().jobs.findLast(isPaused)
      if (job) continueJob(job.id)
    },
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
