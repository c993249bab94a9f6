// The page of one volume: its tabs, and what was left undone or went wrong with it.

import { X } from 'lucide-react'
import { useEffect, useRef } from 'react'
import type { ReactNode } from 'react'
import { useTranslation } from 'react-i18next'
import type { FormatFacts } from '../../../core/model/index.ts'
import type { Volume } from '../../../electron/contract/data.ts'
import { useCommand } from '../../commands/use-command.ts'
import { useChecks, verdictOf } from '../../state/checks.ts'
import { errorText } from '../../state/errors.ts'
import { factsOf, useFormats } from '../../state/formats.ts'
import { dismissJob, isEnded, useJobs } from '../../state/jobs.ts'
import { countText } from '../../state/text.ts'
import { showVolume } from '../../state/view.ts'
import type { VolumeTab } from '../../state/view.ts'
import { fileName } from '../../state/volumes.ts'
import { IconButton } from '../../ui/button.tsx'
import { Note } from '../../ui/note.tsx'
import { Tabs } from '../../ui/tabs.tsx'
import { UndoNotice } from './undo-notice.tsx'
import styles from './volume.module.css'

interface VolumePageProps {
  readonly volume: Volume
  readonly tab: VolumeTab
  /** Of the tab that is shown. */
  readonly children: ReactNode
}

export function VolumePage({ volume, tab, children }: VolumePageProps) {
  const { t } = useTranslation()
  const facts = useFormats((state) => factsOf(state.formats, volume.format))
  const overview = useCommand('volume.overview')
  const contents = useCommand('volume.contents')
  const map = useCommand('volume.map')
  const snapshots = useCommand('volume.snapshots')
  const health = useCommand('volume.health')
  const activity = useCommand('volume.activity')
  const checked = useChecks((state) => state.byVolume.get(volume.id))
  const verdict = verdictOf(checked, volume)
  const errors = checked?.report?.totals.corruptions ?? 0
  // Whoever came by keyboard goes on from here.
  const page = useRef<HTMLElement>(null)
  useEffect(() => page.current?.querySelector<HTMLElement>('[role="tab"][aria-selected="true"]')?.focus(), [])
  return (
    <main ref={page} className={styles.page}>
      <Tabs
        label={fileName(volume.name)}
        value={tab}
        onValueChange={(chosen) => showVolume(volume.id, chosen)}
        tabs={[
          { value: 'overview', title: overview.title, shortcut: overview.shortcut },
          { value: 'map', title: map.title, shortcut: map.shortcut },
          ...(hasHistory(volume, facts) || tab === 'snapshots'
            ? [
                {
                  value: 'snapshots',
                  title: snapshots.title,
                  count: volume.snapshotCount > 0 ? countText(volume.snapshotCount) : undefined,
                  shortcut: snapshots.shortcut,
                } as const,
              ]
            : []),
          { value: 'contents', title: contents.title, shortcut: contents.shortcut },
          {
            value: 'health',
            title: health.title,
            count: verdict === 'errors' ? countText(errors) : undefined,
            shortcut: health.shortcut,
          },
          ...(volume.encrypted === true || tab === 'keys' ? [{ value: 'keys', title: t('volume.keys') } as const] : []),
          { value: 'activity', title: activity.title, shortcut: activity.shortcut },
        ]}
      >
        <div className={styles.notice}>
          <UndoNotice />
        </div>
        <Failure volume={volume} />
        <h2 className="visually-hidden">{t(`volume.${tab}`)}</h2>
        {children}
      </Tabs>
    </main>
  )
}

/** Of the last thing that was done to the volume. */
function Failure({ volume }: { readonly volume: Volume }) {
  const { t } = useTranslation()
  const last = useJobs((state) => state.jobs.findLast((job) => job.volume === volume.id && isEnded(job)))
  if (last?.state.kind !== 'failed') return null
  const { headline, rest } = errorText(last.state.error)
  return (
    <div className={styles.notice}>
      <Note kind="danger" role="alert">
        <div className="row">
          <span className="grow">
            <span className="medium">{headline}</span> {rest}
          </span>
          <IconButton size="small" label={t('shell.dismiss')} icon={<X />} onClick={() => dismissJob(last.id)} />
        </div>
      </Note>
    </div>
  )
}

/** Snapshots inside it, files below it, or files on it: there can be any of these. */
function hasHistory({ overlayCount = 0 }: Volume, facts: FormatFacts | undefined): boolean {
  return overlayCount > 0 || facts?.capabilities.snapshots === true || facts?.capabilities.backing === true
}
