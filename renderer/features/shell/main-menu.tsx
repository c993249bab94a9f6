// The … menu: what has no button of its own, and how the window looks.

import { Ellipsis } from 'lucide-react'
import { useTranslation } from 'react-i18next'
import type { CommandId } from '../../commands/commands.ts'
import { runCommand } from '../../commands/commands.ts'
import { useCommand } from '../../commands/use-command.ts'
import { usePanels } from '../../state/panels.ts'
import { useSettings } from '../../state/settings.ts'
import { IconButton } from '../../ui/button.tsx'
import { Menu, MenuCheck, MenuChoice, MenuItem, MenuSeparator } from '../../ui/menu.tsx'

export function MainMenu() {
  const { t } = useTranslation()
  const open = usePanels((state) => state.mainMenu)
  const theme = useSettings((state) => state.settings.theme)
  const { title, shortcut } = useCommand('view.main-menu')
  return (
    <Menu
      open={open}
      onOpenChange={(mainMenu) => usePanels.setState({ mainMenu })}
      align="end"
      trigger={<IconButton label={title} shortcut={shortcut} icon={<Ellipsis />} />}
    >
      <Item id="library.add-location" />
      <Item id="library.open-files" />
      <Item id="library.rescan" />
      <Item id="view.palette" />
      <MenuSeparator />
      <Check id="view.sidebar" />
      <Check id="view.inspector" />
      <Check id="jobs.show" />
      <Check id="view.compact" />
      <MenuSeparator />
      <MenuChoice
        title={t('shell.theme')}
        value={theme}
        items={[
          { value: 'system', title: t('command.themeSystem') },
          { value: 'light', title: t('command.themeLight') },
          { value: 'dark', title: t('command.themeDark') },
        ]}
        onSelect={(value) => runCommand(`view.theme-${value}`)}
      />
      <MenuSeparator />
      <Item id="view.settings" />
      <Item id="view.shortcuts" />
    </Menu>
  )
}

function Item({ id }: { readonly id: CommandId }) {
  const { title, icon: Icon, shortcut, reason, run } = useCommand(id)
  return <MenuItem icon={Icon && <Icon />} title={title} shortcut={shortcut} reason={reason} onSelect={run} />
}

function Check({ id }: { readonly id: CommandId }) {
  const { title, shortcut, checked, run } = useCommand(id)
  return <MenuCheck title={title} checked={checked} shortcut={shortcut} onSelect={run} />
}
