// The library: a line that says what is shown, and the table, or why there is none.

import { useMemo } from 'react'
import type { ReactNode } from 'react'
import { useChecks } from '../../state/checks.ts'
import { usePlaces } from '../../state/places.ts'
import { useView } from '../../state/view.ts'
import { useVolumes } from '../../state/volumes.ts'
import { EmptyLibrary, NoMatch, NothingHere, Scanning } from './empty-library.tsx'
import styles from './library.module.css'
import { filtered, inScope } from './shown.ts'
import { ViewBar } from './view-bar.tsx'
import { VolumeTable } from './volume-table.tsx'

/** `trash` stands in its place when that is looked at. */
export function Library({ trash }: { readonly trash: ReactNode }) {
  const byId = useVolumes((state) => state.byId)
  const loaded = useVolumes((state) => state.loaded)
  const places = usePlaces((state) => state.places)
  const checks = useChecks((state) => state.byVolume)
  const scope = useView((state) => state.scope)
  const filter = useView((state) => state.filter)
  const scoped = useMemo(() => inScope(byId.values(), scope, checks), [byId, scope, checks])
  const shown = useMemo(() => filtered(scoped, filter), [scoped, filter])

  return (
    <main className={styles.library}>
      {byId.size > 0 && scope.kind !== 'trash' && <ViewBar scoped={scoped} shown={shown} />}
      {scope.kind === 'trash' ? (
        trash
      ) : shown.length > 0 ? (
        <VolumeTable volumes={shown} />
      ) : byId.size > 0 && scoped.length > 0 ? (
        <NoMatch filter={filter} />
      ) : !loaded || places.some((place) => place.state === 'scanning') ? (
        <Scanning />
      ) : scope.kind === 'all' ? (
        <EmptyLibrary />
      ) : (
        <NothingHere scope={scope} />
      )}
    </main>
  )
}
