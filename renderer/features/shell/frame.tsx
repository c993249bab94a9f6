// The window's parts and where they are; theme and density are set here on the root.

import { useLayoutEffect } from 'react'
import type { ReactNode } from 'react'
import { useTranslation } from 'react-i18next'
import { useSettings } from '../../state/settings.ts'
import styles from './frame.module.css'

interface FrameProps {
  readonly toolbar: ReactNode
  readonly sidebar: ReactNode
  readonly main: ReactNode
  readonly inspector: ReactNode
  readonly jobs: ReactNode
  /** Laid over all but toolbar and job bar while files are dragged. */
  readonly veil: ReactNode
}

export function Frame({ toolbar, sidebar, main, inspector, jobs, veil }: FrameProps) {
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
        <aside className={styles.inspector} aria-label={t('shell.inspector')}>
          {inspector}
        </aside>
      )}
      <div className={styles.jobs}>{jobs}</div>
      {veil}
    </div>
  )
}
