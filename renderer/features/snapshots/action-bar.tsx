// The bar above the history: what can be done with the selected states, and the choice of rail or map.

import { useTranslation } from 'react-i18next'
import type { Volume } from '../../../electron/contract/data.ts'
import { useCommand } from '../../commands/use-command.ts'
import { Button, IconButton } from '../../ui/button.tsx'
import { NODE_ACTIONS, TAKE } from './actions.ts'
import type { NodeAction, Target } from './actions.ts'
import styles from './snapshots.module.css'

interface ActionBarProps {
  readonly volume: Volume
  readonly about: (action: NodeAction) => Target
  readonly preview: NodeAction | undefined
  readonly kind: 'rail' | 'map'
  readonly onKind: (kind: 'rail' | 'map') => void
  readonly onChoose: (action: NodeAction) => void
}

/** Those whose icons say it all. */
const QUIET = new Set<NodeAction['id']>(['convert', 'compare', 'rename'])

export function ActionBar({ volume, about, preview, kind, onKind, onChoose }: ActionBarProps) {
  const { t } = useTranslation()
  const take = useCommand('volume.take-snapshot')
  const Camera = TAKE.icon
  // Of another file of the family, what can be done with that one counts.
  const its = about(TAKE).volume
  const why = its && its.id !== volume.id ? undefined : take.reason
  return (
    <div className={styles.bar} role="toolbar" aria-label={t('command.snapshots')}>
      <Button
        icon={<Camera aria-hidden="true" />}
        aria-disabled={why === undefined ? undefined : true}
        aria-pressed={preview === TAKE}
        title={why ?? take.shortcut}
        onClick={() => {
          if (why === undefined) onChoose(TAKE)
        }}
      >
        <span className={styles.verb}>{t('snapshots.take')}</span>
      </Button>
      <span className={styles.separator} />
      {NODE_ACTIONS.map((action) => {
        const { id, title, icon: Icon, shortcut, reason, previews } = action
        const because = reason(about(action))
        const common = {
          'aria-disabled': because === undefined ? undefined : true,
          onClick: () => onChoose(action),
        } as const
        if (QUIET.has(id))
          return (
            <IconButton
              key={id}
              label={t(title)}
              icon={<Icon />}
              className={styles.quietAction}
              shortcut={shortcut}
              {...common}
              {...(because !== undefined && { title: t(because) })}
            />
          )
        return (
          <Button
            key={id}
            variant="ghost"
            icon={<Icon aria-hidden="true" />}
            title={because === undefined ? shortcut : t(because)}
            {...(previews && { 'aria-pressed': preview === action })}
            {...common}
          >
            <span className={styles.verb}>{t(title)}</span>
          </Button>
        )
      })}
      <span className="grow" />
      <span className={styles.kinds} role="group" aria-label={t('history.shownAs')} title="M">
        {(['rail', 'map'] as const).map((one) => (
          <button
            key={one}
            type="button"
            aria-pressed={kind === one}
            className={styles.kind}
            onClick={() => onKind(one)}
          >
            {t(`history.${one}`)}
          </button>
        ))}
      </span>
    </div>
  )
}
