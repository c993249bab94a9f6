// The window: which feature stands where.

import { CSPProvider } from '@base-ui/react/csp-provider'
import { AmendDialogs } from './features/amend/amend-dialogs.tsx'
import { ActivityTab } from './features/activity/activity-tab.tsx'
import { ChainDialogs } from './features/chain/chain-dialogs.tsx'
import { Compare } from './features/compare/compare.tsx'
import { ContentsTab } from './features/contents/contents-tab.tsx'
import { Convert } from './features/convert/convert.tsx'
import { CreateVolume } from './features/create/create-volume.tsx'
import { EncryptionDialogs } from './features/encryption/encryption.tsx'
import { KeysTab } from './features/encryption/keys-tab.tsx'
import { DropFiles } from './features/drop/drop-files.tsx'
import { FileDialogs } from './features/files/file-dialogs.tsx'
import { HealthTab } from './features/health/health-tab.tsx'
import { Repair } from './features/health/repair.tsx'
import { Inspector } from './features/inspector/inspector.tsx'
import { Jobs } from './features/jobs/jobs.tsx'
import { JobsPage } from './features/jobs/jobs-page.tsx'
import { Library } from './features/library/library.tsx'
import { SearchField } from './features/library/search-field.tsx'
import { MapTab } from './features/map/map-tab.tsx'
import { OverviewTab } from './features/overview/overview-tab.tsx'
import { Palette } from './features/palette/palette.tsx'
import { Places } from './features/places/places.tsx'
import { Resize } from './features/resize/resize.tsx'
import { SettingsPage } from './features/settings/settings-page.tsx'
import { Shortcuts } from './features/shortcuts/shortcuts.tsx'
import { Frame } from './features/shell/frame.tsx'
import { Notices } from './features/shell/notices.tsx'
import { Scopes } from './features/shell/scopes.tsx'
import { TrashNotice } from './features/trash/trash-notice.tsx'
import { TrashList } from './features/trash/trash-list.tsx'
import { Toolbar } from './features/shell/toolbar.tsx'
import { SnapshotDialogs } from './features/snapshots/snapshot-dialogs.tsx'
import { SnapshotsTab } from './features/snapshots/snapshots-tab.tsx'
import { AskForUndo, UndoNotice } from './features/volume/undo-notice.tsx'
import { VolumePage } from './features/volume/volume-page.tsx'
import { useView } from './state/view.ts'
import { useVolumes } from './state/volumes.ts'

function Main() {
  const page = useView((state) => state.page)
  const volume = useVolumes((state) => (page.kind === 'volume' ? state.byId.get(page.id) : undefined))
  if (page.kind === 'jobs') return <JobsPage />
  if (page.kind === 'settings') return <SettingsPage />
  if (page.kind !== 'volume' || !volume) return <Library trash={<TrashList />} />
  return (
    <VolumePage key={volume.id} volume={volume} tab={page.tab}>
      {page.tab === 'overview' && <OverviewTab volume={volume} />}
      {page.tab === 'map' && <MapTab volume={volume} />}
      {page.tab === 'snapshots' && <SnapshotsTab volume={volume} />}
      {page.tab === 'contents' && <ContentsTab volume={volume} />}
      {page.tab === 'health' && <HealthTab volume={volume} />}
      {page.tab === 'keys' && <KeysTab volume={volume} />}
      {page.tab === 'activity' && <ActivityTab volume={volume} />}
    </VolumePage>
  )
}

export function App() {
  const page = useView((state) => state.page.kind)
  return (
    <CSPProvider disableStyleElements>
      <Frame
        toolbar={<Toolbar search={<SearchField />} />}
        sidebar={
          <>
            <Scopes />
            <Places />
          </>
        }
        main={<Main />}
        inspector={<Inspector notice={page === 'library' && <UndoNotice />} />}
        mainFirst={page === 'volume'}
        jobs={<Jobs />}
        veil={<DropFiles />}
      />
      <CreateVolume />
      <Convert />
      <SnapshotDialogs />
      <Resize />
      <Repair />
      <ChainDialogs />
      <AmendDialogs />
      <Compare />
      <EncryptionDialogs />
      <FileDialogs />
      <AskForUndo />
      <Palette />
      <Shortcuts />
      <Notices>
        <TrashNotice />
      </Notices>
    </CSPProvider>
  )
}
