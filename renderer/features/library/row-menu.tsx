// What can be done with the selected volumes, by the right mouse button or Shift+F10.

import type { ReactElement } from 'react'
import { useCommand } from '../../commands/use-command.ts'
import type { CommandId } from '../../commands/commands.ts'
import { ContextMenu, MenuItem, MenuSeparator } from '../../ui/menu.tsx'

export function RowMenu({ children }: { readonly children: ReactElement }) {
  return (
    <ContextMenu trigger={children}>
      <CommandItem id="volume.open" />
      <MenuSeparator />
      <CommandItem id="volume.take-snapshot" />
      <CommandItem id="volume.convert" />
      <CommandItem id="volume.resize" />
      <CommandItem id="volume.check" />
      <CommandItem id="volume.compare" />
      <MenuSeparator />
      <CommandItem id="volume.commit" />
      <CommandItem id="volume.flatten" />
      <CommandItem id="volume.rebase" />
      <CommandItem id="volume.compact" />
      <CommandItem id="volume.amend" />
      <CommandItem id="volume.bitmaps" />
      <MenuSeparator />
      <CommandItem id="volume.locate" />
      <CommandItem id="volume.undo" />
      <MenuSeparator />
      <CommandItem id="volume.rename" />
      <CommandItem id="volume.move" />
      <CommandItem id="volume.duplicate" />
      <CommandItem id="volume.delete" />
      <MenuSeparator />
      <CommandItem id="volume.show-in-folder" />
      <CommandItem id="volume.copy-path" />
    </ContextMenu>
  )
}

function CommandItem({ id }: { readonly id: CommandId }) {
  const { title, icon: Icon, shortcut, reason, run } = useCommand(id)
  return <MenuItem icon={Icon && <Icon />} title={title} shortcut={shortcut} reason={reason} onSelect={run} />
}
