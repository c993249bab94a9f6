// Jobs at the foot of the window: one line always, and the tray above it when it is open.

import { usePanels } from '../../state/panels.ts'
import { Announcer } from './announcer.tsx'
import { JobBar } from './job-bar.tsx'
import { JobTray } from './job-tray.tsx'

export function Jobs() {
  const open = usePanels((state) => state.jobs)
  return (
    <>
      {open && <JobTray />}
      <JobBar open={open} />
      <Announcer />
    </>
  )
}
