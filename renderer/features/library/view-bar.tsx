// The line above the table: what it is narrowed to, how many, how much.

import { ChevronDown, Columns3 } from 'lucide-react'
import { useMemo } from 'react'
import { useTranslation } from 'react-i18next'
import type { Volume } from '../../../electron/contract/data.ts'
import { changeSettings, useSettings } from '../../state/settings.ts'
import { sizeText } from '../../state/text.ts'
import { setFilter, useView } from '../../state/view.ts'
import { classNames } from '../../ui/class-names.ts'
import { IconButton } from '../../ui/button.tsx'
import { Menu, MenuCheck } from '../../ui/menu.tsx'
import { OPTIONAL_COLUMNS } from './columns.tsx'
import { askedFormats, withFormats } from './filter.ts'
import styles from './library.module.css'
import { totals } from './shown.ts'

interface ViewBarProps {
  readonly scoped: readonly Volume[]
  readonly shown: readonly Volume[]
}

export function ViewBar({ scoped, shown }: ViewBarProps) {
  const { t } = useTranslation()
  const { count, virtualSize, onDisk } = useMemo(() => totals(shown), [shown])
  const sizes = { virtual: sizeText(virtualSize), disk: sizeText(onDisk) }
  return (
    <div className={styles.viewBar}>
      <FormatFilter volumes={scoped} />
      <WordFilter word="in-use" label={t('library.inUse')} />
      <WordFilter word="missing" label={t('health.noBase')} />
      <span className="grow" />
      <span className="muted cut" role="status">
        {count === scoped.length
          ? t('library.count', { count, ...sizes })
          : t('library.countOf', { count: scoped.length, shown: count, ...sizes })}
      </span>
      <ColumnChoice />
    </div>
  )
}

/** A word of the filter as a switch. */
function WordFilter({ word, label }: { readonly word: string; readonly label: string }) {
  const filter = useView((state) => state.filter)
  const words = filter.split(/\s+/).filter((one) => one !== '')
  const on = words.includes(word)
  return (
    <button
      type="button"
      aria-pressed={on}
      className={classNames(styles.chip, on && styles.chosen)}
      onClick={() => setFilter((on ? words.filter((one) => one !== word) : [...words, word]).join(' '))}
    >
      {label}
    </button>
  )
}

function ColumnChoice() {
  const { t } = useTranslation()
  const hidden = useSettings((state) => state.settings.hiddenColumns)
  return (
    <Menu align="end" trigger={<IconButton size="small" label={t('library.columns')} icon={<Columns3 />} />}>
      {OPTIONAL_COLUMNS.map(({ id, title }) => (
        <MenuCheck
          key={id}
          title={t(title)}
          checked={!hidden.includes(id)}
          onSelect={() =>
            changeSettings({
              hiddenColumns: hidden.includes(id) ? hidden.filter((one) => one !== id) : [...hidden, id],
            })
          }
        />
      ))}
    </Menu>
  )
}

function FormatFilter({ volumes }: { readonly volumes: readonly Volume[] }) {
  const { t } = useTranslation()
  const filter = useView((state) => state.filter)
  const asked = askedFormats(filter)
  const formats = useMemo(() => [...new Set(volumes.flatMap((volume) => volume.format ?? []))].toSorted(), [volumes])
  const label = asked.length === 0 ? t('library.format') : asked.map((format) => format.toUpperCase()).join(', ')
  return (
    <Menu
      trigger={
        <button type="button" className={classNames(styles.chip, asked.length > 0 && styles.chosen)}>
          {label}
          <ChevronDown className="icon-14" aria-hidden="true" />
        </button>
      }
    >
      {formats.map((format) => (
        <MenuCheck
          key={format}
          title={format.toUpperCase()}
          checked={asked.includes(format)}
          onSelect={() =>
            setFilter(
              withFormats(filter, asked.includes(format) ? asked.filter((one) => one !== format) : [...asked, format]),
            )
          }
        />
      ))}
    </Menu>
  )
}
