// What a job's state means to the queue.

import type { JobState } from '../model/job.ts'

export function isRunning({ kind }: JobState): boolean {
  return kind === 'running' || kind === 'cancelling'
}

export function hasEnded({ kind }: JobState): boolean {
  return kind === 'succeeded' || kind === 'failed' || kind === 'cancelled'
}
