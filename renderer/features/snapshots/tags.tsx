// What a state is, in a word or two: inside a file or a file of its own, current, in use, missing, or about to be.

import { useTranslation } from 'react-i18next'
import type { HistoryNode } from '../../../core/model/index.ts'
import { Badge } from '../../ui/badge.tsx'

interface TagsProps {
  readonly node: HistoryNode
  readonly fresh: boolean
  readonly gone: boolean
}

export function Tags({ node: { tags, kind }, fresh, gone }: TagsProps) {
  const { t } = useTranslation()
  if (fresh) return <Badge tone="accent">{t('history.new')}</Badge>
  if (tags.includes('missing')) return null
  return (
    <>
      {kind === 'current' ? (
        <Badge tone="accent">{t('snapshots.current')}</Badge>
      ) : (
        <Badge>{kind === 'snapshot' ? t('history.internal') : t('history.external')}</Badge>
      )}
      {tags.includes('in-use') && <Badge tone="info">{t('history.inUse')}</Badge>}
      {gone && <Badge tone="warn">{t('history.gone')}</Badge>}
    </>
  )
}
