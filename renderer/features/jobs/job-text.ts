// A job in words.

import i18next from 'i18next'
import type { JobView } from '../../../electron/contract/data.ts'
import type { Trace } from '../../state/jobs.ts'
import { durationText, sizeText } from '../../state/text.ts'
import { secondsLeft } from '../../state/time-left.ts'

/** As a title: `Convert old.raw to QCOW2`. */
export function jobTitle(job: JobView): string {
  const { source = '', target } = job
  const format = job.format?.toUpperCase() ?? ''
  switch (job.kind) {
    case 'create':
      return i18next.t('jobs.create', { target })
    case 'convert':
      return i18next.t('jobs.convert', { source, format })
    case 'compare':
      return i18next.t('jobs.compare', { source, target })
  }
}

/** Undefined while it cannot be said honestly. */
export function timeLeftText(job: JobView, trace: Trace | undefined): string | undefined {
  if (job.state.kind !== 'running' || !trace) return undefined
  const seconds = secondsLeft(trace.samples, job.state.progress.total)
  return seconds === undefined ? undefined : i18next.t('jobs.left', { time: durationText(seconds) })
}

/** What came of it, in a few words. */
export function outcomeText({ state }: JobView): string {
  switch (state.kind) {
    case 'cancelled':
      return i18next.t('jobs.cancelled')
    case 'failed':
      return i18next.t('jobs.failed')
    case 'succeeded':
      break
    default:
      return ''
  }
  const { result } = state
  switch (result.kind) {
    case 'create':
      return i18next.t('jobs.created')
    case 'convert': {
      const size = sizeText(result.allocatedSize)
      return result.verified ? i18next.t('jobs.verified', { size }) : i18next.t('jobs.written', { size })
    }
    case 'compare':
      return result.identical ? i18next.t('jobs.identical') : i18next.t('jobs.differ')
  }
}
