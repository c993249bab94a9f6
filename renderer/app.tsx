// The window: which feature stands where.

import { CSPProvider } from '@base-ui/react/csp-provider'
import { Convert } from './features/convert/convert.tsx'
import { CreateVolume } from './features/create/create-volume.tsx'
import { DropFiles } from './features/drop/drop-files.tsx'
import { Inspector } from './features/inspector/inspector.tsx'
import { Jobs } from './features/jobs/jobs.tsx'
import { Library } from './features/library/library.tsx'
import { SearchField } from './features/library/search-field.tsx'
import { Places } from './features/places/places.tsx'
import { Frame } from './features/shell/frame.tsx'
import { Notices } from './features/shell/notices.tsx'
import { Scopes } from './features/shell/scopes.tsx'
import { Toolbar } from './features/shell/toolbar.tsx'

export function App() {
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
        main={<Library />}
        inspector={<Inspector />}
        jobs={<Jobs />}
        veil={<DropFiles />}
      />
      <CreateVolume />
      <Convert />
      <Notices />
    </CSPProvider>
  )
}
