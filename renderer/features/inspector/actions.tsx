// The buttons at the foot of the inspector, always in the same places.

import type { CommandId } from '../../commands/commands.ts'
import { useCommand } from '../../commands/use-command.ts'
import { Button } from '../../ui/button.tsx'
import styles from './inspector.module.css'

export function Actions() {
  return (
    <div className={styles.actions}>
      <Action id="volume.convert" />
      <Action id="volume.show-in-folder" />
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
