// A larger disk: where the room for it comes from, and what is left to do inside the guest.

import { useTranslation } from 'react-i18next'
import type { DiskContents, FormatFacts, Preallocation } from '../../../core/model/index.ts'
import { api } from '../../state/api.ts'
import { tell } from '../../state/notices.ts'
import { CodeBlock, CopyButton } from '../../ui/code-block.tsx'
import { Select } from '../../ui/select.tsx'
import { guestSteps } from './guest-steps.ts'
import type { GuestStep } from './guest-steps.ts'
import styles from './resize.module.css'

interface GrowingProps {
  readonly facts: FormatFacts
  /** Undefined while it is not known. */
  readonly contents: DiskContents | undefined
  readonly preallocation: Preallocation
  readonly onPreallocation: (preallocation: Preallocation) => void
}

const WAYS: readonly Preallocation[] = ['off', 'metadata', 'falloc', 'full']

/** For the file systems most guests have. */
const STEPS = [
  { id: 'ext4', command: 'sudo growpart /dev/vda 1 && sudo resize2fs /dev/vda1' },
  { id: 'xfs', command: 'sudo growpart /dev/vda 1 && sudo xfs_growfs /' },
  { id: 'windows', command: undefined },
] as const

export function Growing({ facts, contents, preallocation, onPreallocation }: GrowingProps) {
  const { t } = useTranslation()
  const option = facts.options.find(({ name }) => name === 'preallocation')
  const choices = option?.kind === 'choice' ? option.choices : []
  const items = WAYS.flatMap((value) => {
    const choice = choices.find((one) => one.value === value)
    return choice ? [{ value, label: choice.title }] : []
  })
  const steps = guestSteps(contents)
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
      <p className="secondary muted">{steps ? t('resize.nextFor') : t('resize.nextHelp')}</p>
      {steps ? <Steps steps={steps} /> : <AnySystem />}
    </>
  )
}

function Steps({ steps }: { readonly steps: readonly GuestStep[] }) {
  const { t } = useTranslation()
  return (
    <ol className={styles.steps} aria-label={t('resize.next')}>
      {steps.map(({ text, command }, index) => (
        <li key={text} className={styles.numbered}>
          <span className={styles.number} aria-hidden="true">
            {index + 1}
          </span>
          <span className={styles.way}>{text}</span>
          {command !== undefined && (
            <Command
              text={command}
              label={t('resize.copyFor', { system: t('resize.stepNumber', { number: index + 1 }) })}
            />
          )}
        </li>
      ))}
    </ol>
  )
}

function Command({ text, label }: { readonly text: string; readonly label: string }) {
  const { t } = useTranslation()
  return (
    <div className={styles.command}>
      <CodeBlock text={text} />
      <CopyButton
        label={label}
        doneLabel={t('error.copied')}
        onCopy={() => {
          api.copyText(text).catch(tell)
        }}
      />
    </div>
  )
}

/** Where nothing is known of the guest. */
function AnySystem() {
  const { t } = useTranslation()
  return (
    <ol className={styles.steps} aria-label={t('resize.next')}>
      {STEPS.map(({ id, command }) => (
        <li key={id} className={styles.step}>
          <span className={styles.system}>{t(`resize.guest.${id}`)}</span>
          {command === undefined ? (
            <span className={styles.way}>{t('resize.guest.windowsWay')}</span>
          ) : (
            <Command text={command} label={t('resize.copyFor', { system: t(`resize.guest.${id}`) })} />
          )}
        </li>
      ))}
    </ol>
  )
}
