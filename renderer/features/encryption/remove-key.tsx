// Taking a passphrase away from a volume; the last one only when the volume's name is typed.

import { useId, useRef, useState } from 'react'
import { Trans, useTranslation } from 'react-i18next'
import type { Volume } from '../../../electron/contract/data.ts'
import { closeDialog, dialogLabels } from '../../state/dialogs.ts'
import { fileName } from '../../state/volumes.ts'
import { Block, Field, FormDialog } from '../../ui/form-dialog.tsx'
import { Note } from '../../ui/note.tsx'
import { SecretField, secretIn } from '../../ui/secret-field.tsx'
import { TextField } from '../../ui/text-field.tsx'
import { useKeyChange } from './use-key-change.ts'

interface RemoveKeyProps {
  readonly volume: Volume
  readonly slot: number
  /** After it nobody can ever read the volume again. */
  readonly last: boolean
}

export function RemoveKey({ volume, slot, last }: RemoveKeyProps) {
  const { t } = useTranslation()
  const id = useId()
  const known = useRef<HTMLInputElement>(null)
  const [isEmpty, setEmpty] = useState(true)
  const [typedName, setTypedName] = useState('')
  const { busy, error, change } = useKeyChange(volume)
  const name = fileName(volume.name)
  const reason = busy
    ? t('lock.changing')
    : isEmpty
      ? t('lock.typeFirst')
      : last && typedName !== name
        ? t('lock.typeName')
        : undefined
  return (
    <FormDialog
      title={t('lock.removeTitle', { slot, name })}
      alert
      danger
      labels={dialogLabels()}
      submit={last ? t('lock.removeLast') : t('lock.remove')}
      reason={reason}
      promise={t('lock.keysPromise')}
      onClose={closeDialog}
      onSubmit={() => change({ kind: 'remove', known: secretIn(known.current), slot, evenLast: last })}
    >
      {last ? (
        <Note kind="danger" role="alert">
          {t('lock.removeLastText', { name })}
        </Note>
      ) : (
        <p>{t('lock.removeText')}</p>
      )}
      <Block>
        <Field label={t('lock.known')} htmlFor={id}>
          <SecretField
            id={id}
            fieldRef={known}
            labels={{ show: t('lock.show'), hide: t('lock.hide') }}
            onEdit={({ value }) => setEmpty(value === '')}
          />
        </Field>
      </Block>
      {last && (
        <Block>
          <Field
            htmlFor={`${id}-name`}
            label={
              <Trans i18nKey="resize.typeName" values={{ name }} components={{ name: <span className="strong" /> }} />
            }
          >
            <TextField id={`${id}-name`} value={typedName} onValueChange={setTypedName} />
          </Field>
        </Block>
      )}
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
