// Asking for the passphrase of a volume, and what comes of it.

import { useId, useRef, useState } from 'react'
import { useTranslation } from 'react-i18next'
import type { ErrorData, UnlockOutcome } from '../../../core/model/index.ts'
import { errorData } from '../../../core/model/index.ts'
import { closeDialog, dialogLabels, openDialog } from '../../state/dialogs.ts'
import { unlock } from '../../state/locks.ts'
import type { Locked } from '../../state/locks.ts'
import { durationText, secondsText } from '../../state/text.ts'
import { fileName } from '../../state/volumes.ts'
import { Checkbox } from '../../ui/checkbox.tsx'
import { Block, Field, FormDialog } from '../../ui/form-dialog.tsx'
import { Note } from '../../ui/note.tsx'
import { SecretField, secretIn } from '../../ui/secret-field.tsx'

interface UnlockProps {
  readonly volume: Locked
  /** Name of the file whose passphrase it is: the volume's own, or one below it. */
  readonly file: string
  /** What was to be done with it; undefined when it was only to be unlocked. */
  readonly goOn: (() => void) | undefined
}

type Attempt =
  | { readonly kind: 'none' | 'busy' }
  | { readonly kind: 'answered'; readonly outcome: UnlockOutcome }
  | { readonly kind: 'failed'; readonly error: ErrorData }

export function Unlock({ volume, file, goOn }: UnlockProps) {
  const { t } = useTranslation()
  const id = useId()
  const field = useRef<HTMLInputElement>(null)
  const [remember, setRemember] = useState(false)
  const [isEmpty, setEmpty] = useState(true)
  const [attempt, setAttempt] = useState<Attempt>({ kind: 'none' })
  const outcome = attempt.kind === 'answered' ? attempt.outcome : undefined
  const wrong = outcome?.kind === 'wrong'
  const busy = attempt.kind === 'busy'

  async function start(): Promise<void> {
    if (busy) return
    setAttempt({ kind: 'busy' })
    try {
      const answer = await unlock(volume, secretIn(field.current), { remember, evenLong: outcome?.kind === 'long' })
      if (answer.kind === 'unlocked') {
        closeDialog()
        goOn?.()
      } else if (answer.kind === 'next') {
        openDialog({ kind: 'unlock', volume, file: fileName(answer.path), goOn })
      } else {
        setAttempt({ kind: 'answered', outcome: answer })
        field.current?.select()
        field.current?.focus()
      }
    } catch (thrown) {
      setAttempt({ kind: 'failed', error: errorData(thrown) })
    }
  }

  return (
    <FormDialog
      title={t('lock.unlockTitle', { name: fileName(file) })}
      labels={dialogLabels()}
      submit={outcome?.kind === 'long' ? t('lock.tryAnyway') : t('lock.unlock')}
      reason={busy ? t('lock.trying') : isEmpty ? t('lock.typeFirst') : undefined}
      initialFocus={field}
      onClose={closeDialog}
      onSubmit={() => void start()}
    >
      <p className="muted">
        {fileName(file) === fileName(volume.name)
          ? t('lock.unlockText')
          : t('lock.unlockBelow', { name: fileName(volume.name) })}
      </p>
      <Block>
        <Field
          label={t('lock.passphrase')}
          htmlFor={id}
          problem={
            wrong && outcome
              ? {
                  id: `${id}-problem`,
                  text: t('lock.wrong', { time: secondsText(outcome.milliseconds / 1000) }),
                }
              : undefined
          }
        >
          <SecretField
            id={id}
            fieldRef={field}
            invalid={wrong}
            aria-describedby={wrong ? `${id}-problem` : undefined}
            labels={{ show: t('lock.show'), hide: t('lock.hide') }}
            onEdit={({ value }) => setEmpty(value === '')}
          />
        </Field>
      </Block>
      <Block>
        <Checkbox
          label={t('lock.remember')}
          help={t('lock.rememberHelp')}
          checked={remember}
          onCheckedChange={setRemember}
        />
      </Block>
      {outcome?.kind === 'long' && (
        <Block>
          <Note kind="warn" role="alert">
            {t('lock.long', { name: fileName(outcome.path), time: durationText(outcome.seconds) })}
          </Note>
        </Block>
      )}
      {attempt.kind === 'failed' && (
        <Block>
          <Note kind="danger" role="alert">
            {attempt.error.message}
          </Note>
        </Block>
      )}
    </FormDialog>
  )
}
