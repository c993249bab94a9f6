// What can be done with the selected states, by the right mouse button.

import type { ReactElement } from 'react'
import { useTranslation } from 'react-i18next'
import { ContextMenu, MenuItem, MenuSeparator } from '../../ui/menu.tsx'
import { NODE_ACTIONS } from './actions.ts'
import type { NodeAction, Target } from './actions.ts'

interface NodeMenuProps {
  readonly target: Target
  readonly onChoose: (action: NodeAction) => void
  /** What it belongs to. */
  readonly children: ReactElement
}

export function NodeMenu({ target, onChoose, children }: NodeMenuProps) {
  const { t } = useTranslation()
  return (
    <ContextMenu trigger={children}>
      {NODE_ACTIONS.map((action) => {
        const { id, title, icon: Icon, shortcut, reason } = action
        const why = reason(target)
        return [
          id === 'remove' && <MenuSeparator key="separator" />,
          <MenuItem
            key={id}
            icon={<Icon />}
            title={t(title)}
            shortcut={shortcut}
            reason={why === undefined ? undefined : t(why)}
            onSelect={() => onChoose(action)}
          />,
        ]
      })}
    </ContextMenu>
  )
}
