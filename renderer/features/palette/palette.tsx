// Every command by a few letters of its name, with what it would be about.

import { Dialog } from '@base-ui/react/dialog'
import { Search } from 'lucide-react'
import { useId, useRef, useState } from 'react'
import type { KeyboardEvent } from 'react'
import { useTranslation } from 'react-i18next'
import { commands, runCommand } from '../../commands/commands.ts'
import { shortcutText } from '../../commands/shortcuts.ts'
import { closeDialog, useDialogs } from '../../state/dialogs.ts'
import { useSettings } from '../../state/settings.ts'
import { selectedVolumes } from '../../state/view.ts'
import { fileName } from '../../state/volumes.ts'
import { Badge } from '../../ui/badge.tsx'
import { classNames } from '../../ui/class-names.ts'
import { matching, partsOf } from './matches.ts'
import type { Entry } from './matches.ts'
import styles from './palette.module.css'

export function Palette() {
  const open = useDialogs((state) => state.dialog.kind === 'palette')
  return open && <PaletteDialog />
}

/** They only lead to where one is already. */
const LEFT_OUT = new Set(['view.palette', 'view.main-menu'])

function PaletteDialog() {
  const { t } = useTranslation()
  const id = useId()
  const input = useRef<HTMLInputElement>(null)
  const list = useRef<HTMLDivElement>(null)
  const [typed, setTyped] = useState('')
  const [at, setAt] = useState(0)
  const volumes = selectedVolumes()
  const [first] = volumes
  const entries: readonly Entry[] = commands
    .filter((command) => !LEFT_OUT.has(command.id))
    .map((command) => {
      const reason = command.unavailable?.()
      return { command, title: t(command.title), reason: reason === undefined ? undefined : t(reason) }
    })
  const found = matching(entries, typed)
  const active = found[Math.min(at, found.length - 1)]

  function go(index: number): void {
    setAt(index)
    list.current?.children[index]?.scrollIntoView({ block: 'nearest' })
  }

  function onKeyDown(event: KeyboardEvent): void {
    if (event.nativeEvent.isComposing) return
    const last = found.length - 1
    if (event.key === 'ArrowDown') go(at >= last ? 0 : at + 1)
    else if (event.key === 'ArrowUp') go(at <= 0 ? last : at - 1)
    else if (event.key === 'Enter') run(active)
    else return
    event.preventDefault()
  }

  return (
    <Dialog.Root
      open
      onOpenChange={(open) => {
        if (!open) closeDialog()
      }}
    >
      <Dialog.Portal>
        <Dialog.Backdrop className={styles.backdrop} />
        <Dialog.Popup className={styles.popup} aria-label={t('palette.title')} initialFocus={input}>
          <div className={styles.search}>
            <Search className="muted" aria-hidden="true" />
            <input
              ref={input}
              role="combobox"
              aria-expanded="true"
              aria-controls={id}
              aria-activedescendant={active && `${id}-${active.command.id}`}
              aria-label={t('palette.title')}
              className={styles.input}
              placeholder={t('palette.placeholder')}
              spellCheck={false}
              autoComplete="off"
              value={typed}
              onChange={(event) => {
                setTyped(event.target.value)
                setAt(0)
              }}
              onKeyDown={onKeyDown}
            />
            {first && (
              <Badge>
                {volumes.length === 1 ? fileName(first.name) : t('palette.volumes', { count: volumes.length })}
              </Badge>
            )}
          </div>
          <div ref={list} id={id} role="listbox" aria-label={t('palette.commands')} className={styles.list}>
            {found.map((entry) => (
              <Item
                key={entry.command.id}
                id={`${id}-${entry.command.id}`}
                entry={entry}
                typed={typed}
                active={entry === active}
                onRun={() => run(entry)}
              />
            ))}
          </div>
          {found.length === 0 && (
            <p className={styles.none} role="status">
              {t('palette.none', { typed })}
            </p>
          )}
        </Dialog.Popup>
      </Dialog.Portal>
    </Dialog.Root>
  )
}

function run(entry: Entry | undefined): void {
  if (!entry || entry.reason !== undefined) return
  closeDialog()
  runCommand(entry.command.id)
}

interface ItemProps {
  readonly id: string
  readonly entry: Entry
  readonly typed: string
  readonly active: boolean
  readonly onRun: () => void
}

function Item({ id, entry, typed, active, onRun }: ItemProps) {
  const platform = useSettings((state) => state.platform)
  const { command, title, reason } = entry
  const { icon: Icon, shortcut } = command
  return (
    // The field has the keyboard; what is active in the list is told by it.
    // oxlint-disable-next-line jsx-a11y/click-events-have-key-events
    <div
      id={id}
      role="option"
      tabIndex={-1}
      aria-selected={active}
      aria-disabled={reason === undefined ? undefined : true}
      className={classNames(styles.item, active && styles.active, reason !== undefined && styles.off)}
      onClick={onRun}
    >
      {Icon ? <Icon aria-hidden="true" /> : <span className={styles.space} />}
      <span className="cut">
        {partsOf(title, typed).map(({ text, typed: hit }, index) =>
          hit ? (
            // The parts of one title: they have no names, and their order is all they are.
            // oxlint-disable-next-line react/no-array-index-key
            <b key={index} className={styles.hit}>
              {text}
            </b>
          ) : (
            text
          ),
        )}
      </span>
      <span className="grow" />
      {reason === undefined ? (
        shortcut !== undefined && <kbd className={styles.hint}>{shortcutText(shortcut, platform)}</kbd>
      ) : (
        <span className={styles.hint}>{reason}</span>
      )}
    </div>
  )
}
