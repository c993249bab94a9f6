// The window's parts and where they are; theme and density are set here on the root.

import { useLayoutEffect } from 'react'
import type { ReactNode } from 'react'
import { useTranslation } from 'react-i18next'
import { useSettings } from '../../state/settings.ts'
import { classNames } from '../../ui/class-names.ts'
import styles from './frame.module.css'

interface FrameProps {
  readonly toolbar: ReactNode
  readonly sidebar: ReactNode
  readonly main: ReactNode
  readonly inspector: ReactNode
  /** Where there is no room for both, the main part is worth more than the inspector. */
  readonly mainFirst: boolean
  readonly jobs: ReactNode
  /** Laid over all but toolbar and job bar while files are dragged. */
  readonly veil: ReactNode
}

export function Frame({ toolbar, sidebar, main, inspector, mainFirst, jobs, veil }: FrameProps) {
  const { t } = useTranslation()
  const { theme, density, sidebarOpen, inspectorOpen } = useSettings((state) => state.settings)
  const platform = useSettings((state) => state.platform)

  useLayoutEffect(() => {
    const { dataset } = document.documentElement
    if (theme === 'system') delete dataset['theme']
    else dataset['theme'] = theme
    dataset['density'] = density
    dataset['platform'] = platform
  }, [theme, density, platform])

  return (
    <div className={styles.window}>
      <header className={styles.toolbar}>{toolbar}</header>
      {sidebarOpen && (
        <nav className={styles.sidebar} aria-label={t('shell.sidebar')}>
          {sidebar}
        </nav>
      )}
      <div className={styles.main}>{main}</div>
      {inspectorOpen && (
        <aside className={classNames(styles.inspector, mainFirst && styles.yielding)} aria-label={t('shell.inspector')}>
          {inspector}
        </aside>
      )}
      <div className={styles.jobs}>{jobs}</div>
      {veil}
    </div>
  )
}
