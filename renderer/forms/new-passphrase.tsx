// A new passphrase, typed twice, with how hard it is to guess; and a recovery key, for the day when it is forgotten.

import { useId, useImperativeHandle, useRef, useState } from 'react'
import type { Ref } from 'react'
import { useTranslation } from 'react-i18next'
import { api } from '../state/api.ts'
import { tell } from '../state/notices.ts'
import { Checkbox } from '../ui/checkbox.tsx'
import { CodeBlock, CopyButton } from '../ui/code-block.tsx'
import { Field } from '../ui/form-dialog.tsx'
import { SecretField, secretIn } from '../ui/secret-field.tsx'
import styles from './forms.module.css'
import { newRecoveryKey } from './recovery-key.ts'
import { StrengthMeter } from './strength-meter.tsx'
import { strengthOf } from './strength.ts'
import type { Strength } from './strength.ts'

/** What is wrong with it; undefined when it can be used. */
export type PassphraseProblem = 'missing' | 'again' | 'differs' | 'keep'

export interface NewPassphraseHandle {
  /** To be overwritten by whoever takes it. */
  passphrase(): Uint8Array
  /** Undefined where none is wanted. */
  recovery(): Uint8Array | undefined
}

interface NewPassphraseProps {
  readonly handle: Ref<NewPassphraseHandle>
  /** Whether a recovery key is offered. */
  readonly offersRecovery?: boolean
  readonly onProblem: (problem: PassphraseProblem | undefined) => void
}

interface State {
  readonly strength: Strength
  readonly problem: PassphraseProblem | undefined
  /** Both fields have something in them. */
  readonly twice: boolean
}

export function NewPassphrase({ handle, offersRecovery = false, onProblem }: NewPassphraseProps) {
  const { t } = useTranslation()
  const id = useId()
  const first = useRef<HTMLInputElement>(null)
  const second = useRef<HTMLInputElement>(null)
  const [state, setState] = useState<State>({ strength: 'none', problem: 'missing', twice: false })
  const [recoveryKey, setRecoveryKey] = useState<string>()
  const [kept, setKept] = useState(false)
  useImperativeHandle(handle, () => ({
    passphrase: () => secretIn(first.current),
    recovery: () => (recoveryKey === undefined ? undefined : new TextEncoder().encode(recoveryKey)),
  }))

  function look(withKey: boolean, isKept: boolean): void {
    const one = first.current?.value ?? ''
    const other = second.current?.value ?? ''
    const problem = problemOf(one, other) ?? (withKey && !isKept ? 'keep' : undefined)
    setState({ strength: strengthOf(one), problem, twice: other !== '' })
    onProblem(problem)
  }

  function wantRecovery(wanted: boolean): void {
    setRecoveryKey(wanted ? newRecoveryKey() : undefined)
    setKept(false)
    look(wanted, false)
  }

  const labels = { show: t('lock.show'), hide: t('lock.hide') }
  const edited = (): void => look(recoveryKey !== undefined, kept)
  const differs = state.problem === 'differs' && state.twice
  return (
    <div className={styles.passphrase}>
      <Field label={t('lock.newPassphrase')} htmlFor={`${id}-first`}>
        <SecretField
          id={`${id}-first`}
          fieldRef={first}
          labels={labels}
          aria-describedby={`${id}-strength`}
          onEdit={edited}
        />
        <StrengthMeter id={`${id}-strength`} strength={state.strength} />
      </Field>
      <Field
        label={t('lock.again')}
        htmlFor={`${id}-second`}
        problem={differs ? { id: `${id}-problem`, text: t('lock.problem.differs') } : undefined}
      >
        <SecretField
          id={`${id}-second`}
          fieldRef={second}
          labels={labels}
          invalid={differs}
          aria-describedby={differs ? `${id}-problem` : undefined}
          onEdit={edited}
        />
      </Field>
      {offersRecovery && (
        <Checkbox
          label={t('lock.recovery')}
          help={t('lock.recoveryHelp')}
          checked={recoveryKey !== undefined}
          onCheckedChange={wantRecovery}
        />
      )}
      {recoveryKey !== undefined && (
        <div className={styles.recovery}>
          <div className={styles.recoveryHead}>
            <span className="grow medium">{t('lock.recoveryKey')}</span>
            <CopyButton
              label={t('lock.copyKey')}
              doneLabel={t('error.copied')}
              onCopy={() => {
                api.copyText(recoveryKey).catch(tell)
              }}
            />
          </div>
          <CodeBlock text={recoveryKey} />
          <Checkbox
            label={t('lock.kept')}
            checked={kept}
            onCheckedChange={(now) => {
              setKept(now)
              look(true, now)
            }}
          />
        </div>
      )}
    </div>
  )
}

function problemOf(one: string, other: string): PassphraseProblem | undefined {
  if (one === '') return 'missing'
  if (other === '') return 'again'
  return one === other ? undefined : 'differs'
}
