// Jobs at the foot of the window: one line always, and the tray above it when it is open.

import { usePanels } from '../../state/panels.ts'
import { useView } from '../../state/view.ts'
import { Announcer } from './announcer.tsx'
import { JobBar } from './job-bar.tsx'
import { JobTray } from './job-tray.tsx'

export function Jobs() {
  const onPage = useView((state) => state.page.kind === 'jobs')
  // The same jobs twice would be one time too many.
  const open = usePanels((state) => state.jobs) && !onPage
  return (
    <>
      {open && <JobTray />}
      <JobBar open={open} />
      <Announcer />
    </>
  )
}
