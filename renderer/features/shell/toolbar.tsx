// The toolbar: where one is, the filter, and what one does most.

import type { ReactNode } from 'react'
import { useTranslation } from 'react-i18next'
import type { CommandId } from '../../commands/commands.ts'
import { useCommand } from '../../commands/use-command.ts'
import { formatShape } from '../../state/formats.ts'
import { usePlaces } from '../../state/places.ts'
import { fileName, useVolumes } from '../../state/volumes.ts'
import { showLibrary, useView } from '../../state/view.ts'
import { Button, IconButton } from '../../ui/button.tsx'
import { Glyph } from '../../ui/glyph.tsx'
import { MainMenu } from './main-menu.tsx'
import styles from './toolbar.module.css'

export function Toolbar({ search }: { readonly search: ReactNode }) {
  const empty = useVolumes((state) => state.loaded && state.byId.size === 0)
  const inLibrary = useView((state) => state.page.kind === 'library')
  return (
    <>
      <div className={styles.lead}>
        <PanelButton id="view.sidebar" />
        <BackButton />
      </div>
      <Crumbs />
      {search}
      <CommandButton id="volume.convert" />
      {/* Where there is nothing yet, the one primary button is in the middle of the window. */}
      <CommandButton id="volume.create" primary={!empty && inLibrary} />
      <span className={styles.separator} />
      <PanelButton id="view.inspector" />
      <MainMenu />
    </>
  )
}

function Crumbs() {
  const { t } = useTranslation()
  const scope = useView((state) => state.scope)
  const places = usePlaces((state) => state.places)
  const page = useView((state) => state.page)
  const volume = useVolumes((state) => (page.kind === 'volume' ? state.byId.get(page.id) : undefined))
  const here =
    scope.kind === 'all'
      ? t('shell.all')
      : scope.kind === 'attention'
        ? t('shell.attention')
        : scope.kind === 'trash'
          ? t('shell.trash')
          : (places.find((place) => place.id === scope.place)?.label ?? t('shell.location'))
  if (volume) {
    const name = fileName(volume.name)
    return (
      <h1 className={styles.crumbs}>
        <button type="button" className={styles.up} onClick={showLibrary}>
          {t('shell.library')}
        </button>
        <span className={styles.slash} aria-hidden="true">
          /
        </span>
        <Glyph shape={formatShape(volume.format)} className="muted" />
        <span className="strong cut" title={name}>
          {name}
        </span>
      </h1>
    )
  }
  if (page.kind === 'jobs' || page.kind === 'settings') {
    return (
      <h1 className={styles.crumbs}>
        <button type="button" className={styles.up} onClick={showLibrary}>
          {t('shell.library')}
        </button>
        <span className={styles.slash} aria-hidden="true">
          /
        </span>
        <span className="strong cut">{t(page.kind === 'jobs' ? 'jobs.title' : 'settings.title')}</span>
      </h1>
    )
  }
  return (
    <h1 className={styles.crumbs}>
      <span className="muted">{t('shell.library')}</span>
      <span className={styles.slash} aria-hidden="true">
        /
      </span>
      <span className="strong cut">{here}</span>
    </h1>
  )
}

function CommandButton({ id, primary = false }: { readonly id: CommandId; readonly primary?: boolean }) {
  const { title, icon: Icon, shortcut, reason, run } = useCommand(id)
  return (
    <Button
      variant={primary ? 'primary' : 'plain'}
      icon={Icon && <Icon aria-hidden="true" />}
      // Not `disabled`: the button can still be reached, and says why.
      aria-disabled={reason === undefined ? undefined : true}
      title={[shortcut, reason].filter((part) => part !== undefined).join(': ')}
      onClick={() => {
        if (reason === undefined) run()
      }}
    >
      {title}
    </Button>
  )
}

/** Keeps its place when there is nowhere to go back to. */
function BackButton() {
  const { title, icon: Icon, shortcut, reason, run } = useCommand('view.library')
  return (
    <IconButton
      label={title}
      shortcut={shortcut}
      icon={Icon && <Icon />}
      disabled={reason !== undefined}
      onClick={run}
    />
  )
}

function PanelButton({ id }: { readonly id: CommandId }) {
  const { title, icon: Icon, shortcut, checked, run } = useCommand(id)
  return <IconButton label={title} shortcut={shortcut} pressed={checked} icon={Icon && <Icon />} onClick={run} />
}
