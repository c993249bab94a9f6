// The parts of the library, at the top of the sidebar.

import { HardDrive, Trash2, TriangleExclamationPoint } from 'lucide-react'
import { useMemo } from 'react'
import { useTranslation } from 'react-i18next'
import { needsAttention, useChecks } from '../../state/checks.ts'
import { countText } from '../../state/text.ts'
import { useTrash } from '../../state/trash.ts'
import { showScope, useView } from '../../state/view.ts'
import { useVolumes } from '../../state/volumes.ts'
import { NavHeading, NavItem } from '../../ui/nav.tsx'

export function Scopes() {
  const { t } = useTranslation()
  const byId = useVolumes((state) => state.byId)
  const checks = useChecks((state) => state.byVolume)
  const scope = useView((state) => state.scope)
  const trashed = useTrash((state) => state.items.length)
  const troubled = useMemo(() => [...byId.values()].filter((one) => needsAttention(one, checks)).length, [byId, checks])
  return (
    <>
      <NavHeading title={t('shell.library')} />
      <ul>
        <NavItem
          icon={<HardDrive aria-hidden="true" />}
          title={t('shell.all')}
          count={countText(byId.size)}
          current={scope.kind === 'all'}
          onSelect={() => showScope({ kind: 'all' })}
        />
        <NavItem
          icon={<TriangleExclamationPoint aria-hidden="true" />}
          title={t('shell.attention')}
          count={countText(troubled)}
          warn={troubled > 0}
          current={scope.kind === 'attention'}
          onSelect={() => showScope({ kind: 'attention' })}
        />
        <NavItem
          icon={<Trash2 aria-hidden="true" />}
          title={t('shell.trash')}
          count={countText(trashed)}
          current={scope.kind === 'trash'}
          onSelect={() => showScope({ kind: 'trash' })}
        />
      </ul>
    </>
  )
}
