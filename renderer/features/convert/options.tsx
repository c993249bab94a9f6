// What is chosen for every conversion of the dialog: check it, pack it.

import { useId } from 'react'
import type { RefObject } from 'react'
import { useTranslation } from 'react-i18next'
import type { FormatFacts } from '../../../core/model/index.ts'
import { encryptionOptions, isEncrypted, withEncryption } from '../../forms/encrypt.ts'
import { EncryptionField } from '../../forms/encryption-field.tsx'
import type { NewPassphraseHandle, PassphraseProblem } from '../../forms/new-passphrase.tsx'
import { OptionFold } from '../../forms/option-fold.tsx'
import { PlaceSelect } from '../../forms/place-select.tsx'
import { Checkbox } from '../../ui/checkbox.tsx'
import { Select } from '../../ui/select.tsx'
import styles from './convert.module.css'
import { CODEC } from './form.ts'
import type { ConvertForm } from './form.ts'

interface OptionsProps {
  readonly form: ConvertForm
  readonly formats: readonly FormatFacts[]
  readonly facts: FormatFacts
  readonly secrets: RefObject<NewPassphraseHandle | null>
  readonly onChange: (part: Partial<ConvertForm>) => void
  readonly onPassphraseProblem: (problem: PassphraseProblem | undefined) => void
}

export function Options(props: OptionsProps) {
  const { form, formats, facts, secrets, onChange, onPassphraseProblem } = props
  const { t } = useTranslation()
  const id = useId()
  const option = facts.options.find((one) => one.name === CODEC)
  const codecs = option?.kind === 'choice' ? option.choices : []
  const codec = form.codec ?? (option?.kind === 'choice' ? option.default : undefined)
  const { compress: can } = facts.capabilities
  const encrypted = isEncrypted(form.format, form.options)
  return (
    <>
      <h3 className={styles.section}>{t('convert.options')}</h3>
      <div className={styles.place}>
        <label className={styles.placeLabel} htmlFor={id}>
          {t('forms.place')}
        </label>
        <PlaceSelect
          id={id}
          formats={formats}
          value={form.preset}
          onValueChange={(settled) => onChange(settled ?? { preset: undefined })}
        />
      </div>
      <div className={styles.options}>
        <Checkbox
          label={t('convert.verify')}
          help={t('convert.verifyHelp')}
          checked={form.verify}
          onCheckedChange={(verify) => onChange({ verify })}
        />
        <div className={styles.compress}>
          <Checkbox
            label={t('convert.compress')}
            help={can ? t('convert.compressHelp') : t('convert.compressNot', { format: facts.title })}
            checked={can && form.compress}
            disabled={!can}
            onCheckedChange={(compress) => onChange({ compress })}
          />
          {can && form.compress && codecs.length > 1 && (
            <div className={styles.codec}>
              <Select
                label={t('convert.codec')}
                items={codecs.map((choice) => ({ value: choice.value, label: choice.title }))}
                value={codec}
                onValueChange={(chosen) => onChange({ codec: chosen })}
              />
            </div>
          )}
        </div>
      </div>
      <div className={styles.encryption}>
        <EncryptionField
          facts={facts}
          encrypted={encrypted}
          handle={secrets}
          onEncryptedChange={(now) =>
            onChange({ ...withEncryption(form, facts, now), ...(now && { compress: false }) })
          }
          onProblem={onPassphraseProblem}
        />
      </div>
      <OptionFold
        facts={facts}
        without={[CODEC, ...encryptionOptions(facts.options, encrypted)]}
        values={form.options}
        onValueChange={(name, value) => onChange({ options: { ...form.options, [name]: value } })}
      />
    </>
  )
}
