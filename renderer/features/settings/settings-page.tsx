// What the user can settle once and for all. Every change is kept at once.

import { useEffect, useId, useRef } from 'react'
import type { ReactNode } from 'react'
import { useTranslation } from 'react-i18next'
import type { Settings } from '../../../electron/contract/data.ts'
import { useCommand } from '../../commands/use-command.ts'
import { useFormats } from '../../state/formats.ts'
import { changeSettings, useSettings } from '../../state/settings.ts'
import { Button } from '../../ui/button.tsx'
import { Checkbox } from '../../ui/checkbox.tsx'
import { Select } from '../../ui/select.tsx'
import styles from './settings.module.css'

export function SettingsPage() {
  const { t } = useTranslation()
  const { settings } = useSettings()
  const formats = useFormats((state) => state.formats).filter((one) => one.capabilities.create)
  const shortcuts = useCommand('view.shortcuts')
  // Whoever came by keyboard goes on from here.
  const page = useRef<HTMLElement>(null)
  useEffect(() => page.current?.focus(), [])
  return (
    <main ref={page} className={styles.page} aria-label={t('settings.title')} tabIndex={-1}>
      <div className={styles.list}>
        <Group title={t('settings.look')}>
          <Choice
            label={t('settings.theme')}
            value={settings.theme}
            items={[
              { value: 'system', label: t('settings.themeSystem') },
              { value: 'light', label: t('settings.themeLight') },
              { value: 'dark', label: t('settings.themeDark') },
            ]}
            onValueChange={(theme) => changeSettings({ theme })}
          />
          <Choice
            label={t('settings.density')}
            value={settings.density}
            items={[
              { value: 'comfortable', label: t('settings.comfortable') },
              { value: 'compact', label: t('settings.compact') },
            ]}
            onValueChange={(density) => changeSettings({ density })}
          />
          <Choice
            label={t('settings.language')}
            help={t('settings.languageHelp')}
            value="en"
            items={[{ value: 'en', label: t('settings.english') }]}
            onValueChange={() => {}}
          />
        </Group>
        <Group title={t('settings.work')}>
          <Choice<Settings['newFormat']>
            label={t('settings.format')}
            help={t('settings.formatHelp')}
            value={settings.newFormat}
            items={formats.map(({ format, title }) => ({ value: format, label: title }))}
            onValueChange={(newFormat) => changeSettings({ newFormat })}
          />
          <Checkbox
            label={t('settings.verify')}
            help={t('settings.verifyHelp')}
            checked={settings.verifyConversions}
            onCheckedChange={(verifyConversions) => changeSettings({ verifyConversions })}
          />
          <Checkbox
            label={t('settings.keepUndo')}
            help={t('settings.keepUndoHelp')}
            checked={settings.keepUndo}
            onCheckedChange={(keepUndo) => changeSettings({ keepUndo })}
          />
        </Group>
        <Group title={t('settings.keys')}>
          <div>
            <Button title={shortcuts.shortcut} onClick={shortcuts.run}>
              {t('settings.showKeys')}
            </Button>
          </div>
        </Group>
      </div>
    </main>
  )
}

function Group({ title, children }: { readonly title: string; readonly children: ReactNode }) {
  const id = useId()
  return (
    <section className={styles.group} aria-labelledby={id}>
      <h2 id={id} className="title">
        {title}
      </h2>
      {children}
    </section>
  )
}

interface ChoiceProps<Value extends string> {
  readonly label: string
  readonly help?: string
  readonly value: Value
  readonly items: readonly { readonly value: Value; readonly label: string }[]
  readonly onValueChange: (value: Value) => void
}

function Choice<Value extends string>({ label, help, value, items, onValueChange }: ChoiceProps<Value>) {
  const id = useId()
  return (
    <div className={styles.choice}>
      <label htmlFor={id}>{label}</label>
      <div>
        <Select id={id} label={label} value={value} items={items} onValueChange={onValueChange} />
        {help !== undefined && <p className={styles.help}>{help}</p>}
      </div>
    </div>
  )
}
