// The buttons at the foot of the inspector, always in the same places.

import { Ellipsis } from 'lucide-react'
import { useTranslation } from 'react-i18next'
import type { CommandId } from '../../commands/commands.ts'
import { useCommand } from '../../commands/use-command.ts'
import { Button } from '../../ui/button.tsx'
import { Menu, MenuItem, MenuSeparator } from '../../ui/menu.tsx'
import styles from './inspector.module.css'

export function Actions() {
  const { t } = useTranslation()
  return (
    <div className={styles.actions}>
      <Action id="volume.check" />
      <Action id="volume.resize" />
      <Action id="volume.take-snapshot" />
      <Action id="volume.convert" />
      <Action id="volume.open" />
      <Menu align="end" trigger={<Button icon={<Ellipsis aria-hidden="true" />}>{t('inspector.more')}</Button>}>
        <Item id="volume.overview" />
        <Item id="volume.contents" />
        <MenuSeparator />
        <Item id="volume.compare" />
        <Item id="volume.commit" />
        <Item id="volume.flatten" />
        <Item id="volume.rebase" />
        <Item id="volume.compact" />
        <Item id="volume.amend" />
        <Item id="volume.bitmaps" />
        <MenuSeparator />
        <Item id="volume.locate" />
        <Item id="volume.undo" />
        <MenuSeparator />
        <Item id="volume.rename" />
        <Item id="volume.move" />
        <Item id="volume.duplicate" />
        <Item id="volume.delete" />
        <MenuSeparator />
        <Item id="volume.show-in-folder" />
        <Item id="volume.copy-path" />
      </Menu>
    </div>
  )
}

function Action({ id }: { readonly id: CommandId }) {
  const { title, icon: Icon, shortcut, reason, run } = useCommand(id)
  return (
    <Button
      icon={Icon && <Icon aria-hidden="true" />}
      title={reason ?? shortcut}
      aria-disabled={reason === undefined ? undefined : true}
      onClick={() => {
        if (reason === undefined) run()
      }}
    >
      {title}
    </Button>
  )
}

function Item({ id }: { readonly id: CommandId }) {
  const { title, icon: Icon, shortcut, reason, run } = useCommand(id)
  return <MenuItem icon={Icon && <Icon />} title={title} shortcut={shortcut} reason={reason} onSelect={run} />
}
