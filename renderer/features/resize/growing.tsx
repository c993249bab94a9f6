// A larger disk: where the room for it comes from, and what is left to do inside the guest.

import { useTranslation } from 'react-i18next'
import type { FormatFacts, Preallocation } from '../../../core/model/index.ts'
import { api } from '../../state/api.ts'
import { tell } from '../../state/notices.ts'
import { CodeBlock, CopyButton } from '../../ui/code-block.tsx'
import { Select } from '../../ui/select.tsx'
import styles from './resize.module.css'

interface GrowingProps {
  readonly facts: FormatFacts
  readonly preallocation: Preallocation
  readonly onPreallocation: (preallocation: Preallocation) => void
}

const WAYS: readonly Preallocation[] = ['off', 'metadata', 'falloc', 'full']

/** For the file systems most guests have; which one it is, only the guest knows. */
const STEPS = [
  { id: 'ext4', command: 'sudo growpart /dev/vda 1 && sudo resize2fs /dev/vda1' },
  { id: 'xfs', command: 'sudo growpart /dev/vda 1 && sudo xfs_growfs /' },
  { id: 'windows', command: undefined },
] as const

export function Growing({ facts, preallocation, onPreallocation }: GrowingProps) {
  const { t } = useTranslation()
  const option = facts.options.find(({ name }) => name === 'preallocation')
  const choices = option?.kind === 'choice' ? option.choices : []
  const items = WAYS.flatMap((value) => {
    const choice = choices.find((one) => one.value === value)
    return choice ? [{ value, label: choice.title }] : []
  })
  return (
    <>
      {items.length > 1 && (
        <div className={styles.room1}>
          <span className="muted">{t('resize.newRoom')}</span>
          <Select
            className={styles.ways}
            label={t('resize.newRoom')}
            items={items}
            value={preallocation}
            onValueChange={onPreallocation}
          />
        </div>
      )}
      <h3 className={styles.section}>{t('resize.next')}</h3>
      <p className="secondary muted">{t('resize.nextHelp')}</p>
      <ol className={styles.steps} aria-label={t('resize.next')}>
        {STEPS.map(({ id, command }) => (
          <li key={id} className={styles.step}>
            <span className={styles.system}>{t(`resize.guest.${id}`)}</span>
            {command === undefined ? (
              <span className={styles.way}>{t('resize.guest.windowsWay')}</span>
            ) : (
              <div className={styles.command}>
                <CodeBlock text={command} />
                <CopyButton
                  label={t('resize.copyFor', { system: t(`resize.guest.${id}`) })}
                  doneLabel={t('error.copied')}
                  onCopy={() => {
                    api.copyText(command).catch(tell)
                  }}
                />
              </div>
            )}
          </li>
        ))}
      </ol>
    </>
  )
}
