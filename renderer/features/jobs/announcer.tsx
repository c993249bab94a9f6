// Says aloud how jobs go: at every tenth, and when one ends.

import { useMemo } from 'react'
import { useTranslation } from 'react-i18next'
import { fraction, newestUnderWay, useJobs } from '../../state/jobs.ts'
import { jobTitle, outcomeText } from '../../state/job-text.ts'

export function Announcer() {
  const { t } = useTranslation()
  const jobs = useJobs((state) => state.jobs)
  const running = newestUnderWay(jobs)
  const step = running && Math.floor((fraction(running) ?? 0) * 10) * 10
  const ended = useMemo(
    () =>
      jobs
        .filter((job) => job.endedAt !== undefined)
        .toSorted((one, other) => (one.endedAt ?? 0) - (other.endedAt ?? 0))
        .at(-1),
    [jobs],
  )
  return (
    <>
      <p role="status" className="visually-hidden">
        {running && t('jobs.spoken', { job: jobTitle(running), percent: step })}
      </p>
      <p role="status" className="visually-hidden">
        {ended && `${jobTitle(ended)}: ${outcomeText(ended)}`}
      </p>
    </>
  )
}
