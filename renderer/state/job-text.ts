// A job in words.

import { t } from 'i18next'
import { assertNever } from '../../core/model/index.ts'
import type { CheckReport } from '../../core/model/index.ts'
import type { JobView } from '../../electron/contract/data.ts'
import type { Trace } from './jobs.ts'
import { clockText, durationText, sizeText } from './text.ts'
import { secondsLeft } from './time-left.ts'

/** As a title: `Convert old.raw to QCOW2`. */
export function jobTitle(job: JobView): string {
  const { source = '', target } = job
  const format = job.format?.toUpperCase() ?? ''
  switch (job.kind) {
    case 'move':
      return t('jobs.move', { source, target })
    case 'copy':
      return t('jobs.copy', { source, target })
    case 'trash':
      return t('jobs.trash', { target, count: job.count ?? 1 })
    case 'restore':
      return t('jobs.restore', { count: job.count ?? 1 })
    case 'empty-trash':
      return t('jobs.emptyTrash', { count: job.count ?? 1 })
    case 'create':
      return t('jobs.create', { target })
    case 'convert':
      return t('jobs.convert', { source, format })
    case 'compare':
      return t('jobs.compare', { source, target })
    case 'snapshot':
      return t('jobs.snapshot', { target })
    case 'resize':
      return t('jobs.resize', { target })
    case 'commit':
      return t('jobs.commit', { target })
    case 'rebase':
      return t('jobs.rebase', { target })
    case 'bypass':
      return t('jobs.bypass', { target })
    case 'compact':
      return t('jobs.compact', { target })
    case 'amend':
      return t('jobs.amend', { target })
    case 'bitmap':
      return t('jobs.bitmap', { target })
    case 'check':
      return t('jobs.check', { target })
    case 'repair':
      return t('jobs.repair', { target })
    default:
      return assertNever(job.kind)
  }
}

/** Undefined while it cannot be said honestly. */
export function timeLeftText(job: JobView, trace: Trace | undefined): string | undefined {
  if (job.state.kind !== 'running' || !trace) return undefined
  const seconds = secondsLeft(trace.samples, job.state.progress.total)
  return seconds === undefined ? undefined : t('jobs.left', { time: durationText(seconds) })
}

/** What came of it, in a few words. */
export function outcomeText({ state }: JobView): string {
  switch (state.kind) {
    case 'cancelled':
      return t('jobs.cancelled')
    case 'failed':
      return t('jobs.failed')
    case 'interrupted':
      return state.finished ? t('jobs.done') : t('jobs.cutOff')
    case 'succeeded':
      break
    default:
      return ''
  }
  const { result } = state
  switch (result.kind) {
    case 'create':
      return t('jobs.created')
    case 'convert': {
      const size = sizeText(result.allocatedSize)
      return result.verified ? t('jobs.verified', { size }) : t('jobs.written', { size })
    }
    case 'compare':
      return result.identical ? t('jobs.identical') : t('jobs.differ')
    case 'empty-trash':
      return t('jobs.freed', { size: sizeText(result.freed) })
    case 'move':
    case 'copy':
    case 'trash':
    case 'restore':
    case 'snapshot':
    case 'commit':
    case 'rebase':
    case 'bypass':
    case 'amend':
    case 'bitmap':
      return t('jobs.done')
    case 'compact':
      return result.after < result.before
        ? t('jobs.compacted', { size: sizeText(result.before - result.after) })
        : t('jobs.compactNothing')
    case 'resize':
      return t('jobs.resized', { size: sizeText(result.virtualSize) })
    case 'check':
      return result.report ? foundText(result.report) : t('jobs.nothingToCheck')
    case 'repair':
      return result.report ? foundText(result.report.after) : t('jobs.nothingToCheck')
    default:
      return assertNever(result)
  }
}

/** What happened when, one line each; to be copied into a report. */
export function logText(job: JobView): string {
  const lines = (job.events ?? []).map(({ at, kind }) => `${clockText(at)}  ${t(`jobs.event.${kind}`)}`)
  if (job.endedAt !== undefined) lines.push(`${clockText(job.endedAt)}  ${outcomeText(job)}`)
  const { state } = job
  if (state.kind === 'failed') lines.push(state.error.message)
  if (state.kind === 'succeeded') lines.push(...state.result.warnings)
  return [jobTitle(job), ...lines].join('\n')
}

/** The worst of what a check found. */
function foundText({ totals: { corruptions, leaks, checkErrors } }: CheckReport): string {
  if (checkErrors > 0) return t('jobs.notChecked')
  if (corruptions > 0) return t('jobs.errorsFound', { count: corruptions })
  return leaks > 0 ? t('jobs.leaksFound', { count: leaks }) : t('jobs.inOrder')
}
