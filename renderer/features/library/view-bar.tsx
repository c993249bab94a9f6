// The line above the table: what it is narrowed to, how many, how much.

import { ChevronDown } from 'lucide-react'
import { useMemo } from 'react'
import { useTranslation } from 'react-i18next'
import type { Volume } from '../../../electron/contract/data.ts'
import { sizeText } from '../../state/text.ts'
import { setFilter, useView } from '../../state/view.ts'
import { classNames } from '../../ui/class-names.ts'
import { Menu, MenuCheck } from '../../ui/menu.tsx'
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
      <span className="grow" />
      <span className="muted cut" role="status">
        {count === scoped.length
          ? t('library.count', { count, ...sizes })
          : t('library.countOf', { count: scoped.length, shown: count, ...sizes })}
      </span>
    </div>
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
