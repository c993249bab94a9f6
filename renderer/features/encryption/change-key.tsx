// One more passphrase for a volume, or another one in place of the one that is typed.

import { ShieldCheck } from 'lucide-react'
import { useId, useRef, useState } from 'react'
import { useTranslation } from 'react-i18next'
import type { Volume } from '../../../electron/contract/data.ts'
import { NewPassphrase } from '../../forms/new-passphrase.tsx'
import type { NewPassphraseHandle, PassphraseProblem } from '../../forms/new-passphrase.tsx'
import { closeDialog, dialogLabels } from '../../state/dialogs.ts'
import { fileName } from '../../state/volumes.ts'
import { Block, Field, FormDialog } from '../../ui/form-dialog.tsx'
import { Note } from '../../ui/note.tsx'
import { SecretField, secretIn } from '../../ui/secret-field.tsx'
import { useKeyChange } from './use-key-change.ts'

interface ChangeKeyProps {
  readonly volume: Volume
  readonly kind: 'add' | 'replace'
}

export function ChangeKey({ volume, kind }: ChangeKeyProps) {
  const { t } = useTranslation()
  const id = useId()
  const known = useRef<HTMLInputElement>(null)
  const added = useRef<NewPassphraseHandle>(null)
  const [isEmpty, setEmpty] = useState(true)
  const [problem, setProblem] = useState<PassphraseProblem | undefined>('missing')
  const { busy, error, change } = useKeyChange(volume)

  function start(): void {
    if (added.current) change({ kind, known: secretIn(known.current), added: added.current.passphrase() })
  }

  const reason = busy ? t('lock.changing') : isEmpty ? t('lock.typeFirst') : problem && t(`lock.problem.${problem}`)
  return (
    <FormDialog
      title={
        kind === 'add'
          ? t('lock.addTitle', { name: fileName(volume.name) })
          : t('lock.replaceTitle', { name: fileName(volume.name) })
      }
      labels={dialogLabels()}
      submit={kind === 'add' ? t('lock.add') : t('lock.replace')}
      reason={reason}
      promise={
        <>
          <ShieldCheck className="icon-14" aria-hidden="true" />
          {t('lock.keysPromise')}
        </>
      }
      initialFocus={known}
      onClose={closeDialog}
      onSubmit={start}
    >
      <p className="muted">{kind === 'add' ? t('lock.addText') : t('lock.replaceText')}</p>
      <Block>
        <Field label={kind === 'add' ? t('lock.known') : t('lock.old')} htmlFor={id}>
          <SecretField
            id={id}
            fieldRef={known}
            labels={{ show: t('lock.show'), hide: t('lock.hide') }}
            onEdit={({ value }) => setEmpty(value === '')}
          />
        </Field>
      </Block>
      <Block>
        <NewPassphrase handle={added} onProblem={setProblem} />
      </Block>
      {error && (
        <Block>
          <Note kind="danger" role="alert">
            {error.message}
          </Note>
        </Block>
      )}
    </FormDialog>
  )
}
