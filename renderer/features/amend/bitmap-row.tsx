// One bitmap, whether it is kept up to date, and what can be done to it.

import { Ellipsis } from 'lucide-react'
import { useTranslation } from 'react-i18next'
import type { BitmapFacts } from '../../../core/model/index.ts'
import type { BitmapRequest } from '../../../electron/contract/data.ts'
import { sizeText } from '../../state/text.ts'
import { Badge } from '../../ui/badge.tsx'
import { IconButton } from '../../ui/button.tsx'
import { Menu, MenuItem, MenuSeparator } from '../../ui/menu.tsx'
import styles from './amend.module.css'

interface BitmapRowProps {
  readonly bitmap: BitmapFacts
  /** Names of those it can take the marks of. */
  readonly others: readonly string[]
  readonly busy: boolean
  readonly onAct: (actions: BitmapRequest['actions']) => void
}

export function BitmapRow({ bitmap, others, busy, onAct }: BitmapRowProps) {
  const { t } = useTranslation()
  const { name, granularity, flags } = bitmap
  const enabled = flags.includes('auto')
  // One that was being written when a machine stopped can only go.
  const broken = flags.includes('in-use')
  const why = busy ? t('bitmaps.busy') : broken ? t('bitmaps.broken') : undefined
  return (
    <li className={styles.bitmap}>
      <span className={styles.name}>{name}</span>
      <Badge>
        {broken ? t('bitmaps.state.broken') : enabled ? t('bitmaps.state.enabled') : t('bitmaps.state.disabled')}
      </Badge>
      <span className="secondary muted">{t('bitmaps.each', { size: sizeText(granularity) })}</span>
      <Menu
        align="end"
        trigger={<IconButton size="small" label={t('bitmaps.actions', { name })} icon={<Ellipsis />} />}
      >
        <MenuItem
          title={enabled ? t('bitmaps.disable') : t('bitmaps.enable')}
          reason={why}
          onSelect={() => onAct([{ kind: enabled ? 'disable' : 'enable' }])}
        />
        <MenuItem title={t('bitmaps.clear')} reason={why} onSelect={() => onAct([{ kind: 'clear' }])} />
        {others.map((from) => (
          <MenuItem
            key={from}
            title={t('bitmaps.merge', { from })}
            reason={why}
            onSelect={() => onAct([{ kind: 'merge', from }])}
          />
        ))}
        <MenuSeparator />
        <MenuItem
          title={t('bitmaps.remove')}
          reason={busy ? t('bitmaps.busy') : undefined}
          onSelect={() => onAct([{ kind: 'remove' }])}
        />
      </Menu>
    </li>
  )
}
