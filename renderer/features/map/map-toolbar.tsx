// What is shown of a volume's map and how large: address space, zoom, going somewhere, grid or table.

import { ArrowDown, ArrowUp, Map as MapIcon, Table2, ZoomIn, ZoomOut } from 'lucide-react'
import { useState } from 'react'
import type { ReactNode, RefObject } from 'react'
import { useTranslation } from 'react-i18next'
import { parseSize } from '../../../core/model/index.ts'
import type { MapSpace } from '../../../core/model/index.ts'
import { sizeText } from '../../state/text.ts'
import { Button, IconButton } from '../../ui/button.tsx'
import { TextField } from '../../ui/text-field.tsx'
import styles from './map.module.css'
import type { MapView } from './use-map-view.ts'

interface MapToolbarProps {
  readonly space: MapSpace
  readonly onSpace: (space: MapSpace) => void
  /** Why there is no picture of the file. */
  readonly noFile: string | undefined
  readonly table: boolean
  readonly onTable: (table: boolean) => void
  readonly view: MapView
  /** Bytes. */
  readonly size: number
  readonly goField: RefObject<HTMLInputElement | null>
  readonly onGo: (offset: number) => void
  readonly onChange: (direction: 1 | -1) => void
}

export function MapToolbar(props: MapToolbarProps) {
  const { t } = useTranslation()
  const { space, onSpace, noFile, table, onTable, view, onChange } = props
  return (
    <div className={styles.toolbar} role="toolbar" aria-label={t('map.toolbar')}>
      <Choice label={t('map.space')}>
        <Option chosen={space === 'guest'} title={t('map.guestHelp')} onChoose={() => onSpace('guest')}>
          {t('map.guest')}
        </Option>
        <Option
          chosen={space === 'file'}
          title={noFile ?? t('map.fileHelp')}
          disabled={noFile !== undefined}
          onChoose={() => onSpace('file')}
        >
          {t('map.file')}
        </Option>
      </Choice>
      <span className={styles.separator} />
      <IconButton label={t('map.zoomOut')} shortcut="-" icon={<ZoomOut />} onClick={() => view.zoom(-1)} />
      <input
        type="range"
        className={styles.zoom}
        aria-label={t('map.zoom')}
        min={-view.highest}
        max={Math.max(-view.lowest, -view.highest)}
        step={1}
        value={-view.level}
        aria-valuetext={t('map.cellIs', { size: sizeText(view.cellSize) })}
        onChange={(event) => view.zoom(Number(event.target.value) + view.level)}
      />
      <IconButton label={t('map.zoomIn')} shortcut="+" icon={<ZoomIn />} onClick={() => view.zoom(1)} />
      <span className={styles.cellIs}>{t('map.cellIs', { size: sizeText(view.cellSize) })}</span>
      <span className={styles.separator} />
      <GoTo {...props} />
      <IconButton label={t('map.previous')} shortcut="[" icon={<ArrowUp />} onClick={() => onChange(-1)} />
      <IconButton label={t('map.next')} shortcut="]" icon={<ArrowDown />} onClick={() => onChange(1)} />
      <span className="grow" />
      <Choice label={t('map.view')}>
        <Option chosen={!table} onChoose={() => onTable(false)} icon={<MapIcon className="icon-14" />}>
          {t('map.grid')}
        </Option>
        <Option
          chosen={table}
          onChoose={() => {
            onSpace('guest')
            onTable(true)
          }}
          icon={<Table2 className="icon-14" />}
        >
          {t('map.table')}
        </Option>
      </Choice>
    </div>
  )
}

function GoTo({ goField, onGo, size }: MapToolbarProps) {
  const { t } = useTranslation()
  const [text, setText] = useState('')
  const [wrong, setWrong] = useState(false)
  return (
    <form
      className={styles.goForm}
      onSubmit={(event) => {
        event.preventDefault()
        const offset = offsetIn(text)
        const isSound = offset !== undefined && offset < size
        setWrong(!isSound)
        if (isSound) onGo(offset)
      }}
    >
      <TextField
        ref={goField}
        className={styles.goTo}
        value={text}
        onValueChange={(value) => {
          setText(value)
          setWrong(false)
        }}
        invalid={wrong}
        before={<span className="muted nowrap">{t('map.goTo')}</span>}
        after={<kbd className="muted">G</kbd>}
        aria-label={t('map.goTo')}
        title={wrong ? t('map.badOffset') : t('map.goToHelp')}
        placeholder="0x0"
      />
      <span className="visually-hidden" role="alert">
        {wrong ? t('map.badOffset') : ''}
      </span>
    </form>
  )
}

/** Hexadecimal as the gutter has it, or a size. */
function offsetIn(text: string): number | undefined {
  const hex = /^\s*0x([0-9a-f]{1,13})\s*$/i.exec(text)?.[1]
  return hex === undefined ? parseSize(text) : Number.parseInt(hex, 16)
}

function Choice({ label, children }: { readonly label: string; readonly children: ReactNode }) {
  return (
    <div className={styles.choice} role="group" aria-label={label}>
      {children}
    </div>
  )
}

interface OptionProps {
  readonly chosen: boolean
  readonly onChoose: () => void
  readonly title?: string
  readonly disabled?: boolean
  readonly icon?: ReactNode
  readonly children: ReactNode
}

function Option({ chosen, onChoose, title, disabled = false, icon, children }: OptionProps) {
  return (
    <Button
      size="small"
      variant="ghost"
      icon={icon}
      aria-pressed={chosen}
      aria-disabled={disabled ? true : undefined}
      title={title}
      onClick={() => {
        if (!disabled) onChoose()
      }}
    >
      {children}
    </Button>
  )
}
