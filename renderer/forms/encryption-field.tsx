// Whether a new volume is encrypted, and under which passphrase.

import type { Ref } from 'react'
import { useTranslation } from 'react-i18next'
import type { FormatFacts } from '../../core/model/index.ts'
import { Checkbox } from '../ui/checkbox.tsx'
import { encryptedFormat } from './encrypt.ts'
import styles from './forms.module.css'
import { NewPassphrase } from './new-passphrase.tsx'
import type { NewPassphraseHandle, PassphraseProblem } from './new-passphrase.tsx'

interface EncryptionFieldProps {
  readonly facts: FormatFacts
  readonly encrypted: boolean
  readonly handle: Ref<NewPassphraseHandle>
  readonly onEncryptedChange: (encrypted: boolean) => void
  readonly onProblem: (problem: PassphraseProblem | undefined) => void
}

export function EncryptionField({ facts, encrypted, handle, onEncryptedChange, onProblem }: EncryptionFieldProps) {
  const { t } = useTranslation()
  const kind = encryptedFormat(facts)
  const help = { inside: t('lock.encryptHelp'), bare: t('lock.encryptBare'), none: t('lock.cannot') }[kind]
  return (
    <div className={styles.encryption}>
      <Checkbox
        label={t('lock.encrypt')}
        help={help}
        checked={encrypted}
        disabled={kind === 'none'}
        onCheckedChange={(now) => {
          onProblem(now ? 'missing' : undefined)
          onEncryptedChange(now)
        }}
      />
      {encrypted && <NewPassphrase handle={handle} offersRecovery onProblem={onProblem} />}
    </div>
  )
}
