// Every key there is, by what it is about.

import { useTranslation } from 'react-i18next'
import { commands } from '../../commands/commands.ts'
import { shortcutText } from '../../commands/shortcuts.ts'
import { closeDialog, dialogLabels, useDialogs } from '../../state/dialogs.ts'
import { useSettings } from '../../state/settings.ts'
import { Button } from '../../ui/button.tsx'
import { Dialog } from '../../ui/dialog.tsx'
import styles from './shortcuts.module.css'

export function Shortcuts() {
  const open = useDialogs((state) => state.dialog.kind === 'shortcuts')
  return open && <ShortcutsDialog />
}

interface Key {
  readonly title: string
  readonly keys: string
}

function ShortcutsDialog() {
  const { t } = useTranslation()
  const platform = useSettings((state) => state.platform)
  const keysOf = (area: string): readonly Key[] =>
    commands.flatMap(({ id, title, shortcut }) =>
      shortcut !== undefined && id.startsWith(`${area}.`)
        ? [{ title: t(title), keys: shortcutText(shortcut, platform) }]
        : [],
    )
  const { close } = dialogLabels()
  return (
    <Dialog
      title={t('shortcuts.title')}
      width="medium"
      closeLabel={close}
      onClose={closeDialog}
      footer={
        <>
          <span className="grow" />
          <Button variant="primary" onClick={closeDialog}>
            {t('shortcuts.close')}
          </Button>
        </>
      }
    >
      <div className={styles.groups}>
        <Group title={t('shortcuts.volumes')} keys={keysOf('volume')} />
        <Group title={t('shortcuts.window')} keys={keysOf('view')} />
        <Group title={t('shortcuts.library')} keys={keysOf('library')} />
        <Group title={t('shortcuts.jobs')} keys={keysOf('jobs')} />
        <Group
          title={t('shortcuts.lists')}
          keys={[
            { title: t('shortcuts.move'), keys: '↑ ↓' },
            { title: t('shortcuts.ends'), keys: 'Home End' },
            { title: t('shortcuts.several'), keys: 'Shift+↑ ↓' },
            { title: t('shortcuts.open'), keys: 'Enter' },
            { title: t('shortcuts.menu'), keys: 'Shift+F10' },
          ]}
        />
      </div>
    </Dialog>
  )
}

function Group({ title, keys }: { readonly title: string; readonly keys: readonly Key[] }) {
  return (
    <section className={styles.group} aria-label={title}>
      <h3 className="strong">{title}</h3>
      <dl>
        {keys.map((key) => (
          <div key={key.title} className={styles.key}>
            <dt>{key.title}</dt>
            <dd>
              <kbd className={styles.keys}>{key.keys}</kbd>
            </dd>
          </div>
        ))}
      </dl>
    </section>
  )
}
