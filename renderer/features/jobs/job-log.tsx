// What happened in a job and when, folded away, and a button that copies it.

import { useTranslation } from 'react-i18next'
import type { JobView } from '../../../electron/contract/data.ts'
import { api } from '../../state/api.ts'
import { logText } from '../../state/job-text.ts'
import { tell } from '../../state/notices.ts'
import { CommandFold } from '../../ui/command-fold.tsx'
import styles from './job-tray.module.css'

export function JobLog({ job }: { readonly job: JobView }) {
  const { t } = useTranslation()
  if (!job.events || job.events.length === 0) return null
  const text = logText(job)
  return (
    <div className={styles.log}>
      <CommandFold
        title={t('jobs.log')}
        text={text}
        copyLabel={t('jobs.copyLog')}
        doneLabel={t('error.copied')}
        onCopy={() => {
          api.copyText(text).catch(tell)
        }}
      />
    </div>
  )
}
