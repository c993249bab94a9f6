// How a volume is, as far as the library knows: an icon and a word.

import { CircleExclamationPoint, FileX, Lock, LockKeyhole, Unlink } from 'lucide-react'
import { t } from 'i18next'
import type { ParseKeys } from 'i18next'
import type { LucideIcon } from 'lucide-react'
import type { ErrorCode, ErrorData } from '../../../core/model/index.ts'
import { classNames } from '../../ui/class-names.ts'
import styles from './health.module.css'

interface Condition {
  readonly icon: LucideIcon
  readonly word: ParseKeys
  readonly tone: 'danger' | 'info' | 'warn'
}

const DAMAGED: Condition = { icon: CircleExclamationPoint, word: 'health.damaged', tone: 'danger' }

const CONDITIONS: Partial<Record<ErrorCode, Condition>> = {
  'missing-file': { icon: Unlink, word: 'health.noBase', tone: 'danger' },
  'not-found': { icon: FileX, word: 'health.gone', tone: 'danger' },
  'access-denied': { icon: LockKeyhole, word: 'health.noAccess', tone: 'warn' },
  'in-use': { icon: Lock, word: 'health.inUse', tone: 'info' },
  unsupported: { icon: CircleExclamationPoint, word: 'health.unsupported', tone: 'warn' },
  io: { icon: CircleExclamationPoint, word: 'health.unreadable', tone: 'danger' },
}

export function Health({ error }: { readonly error: ErrorData | undefined }) {
  if (!error) return <span className="secondary">{t('health.notChecked')}</span>
  const { icon: Icon, word, tone } = CONDITIONS[error.code] ?? DAMAGED
  return (
    <span className={classNames('secondary', styles.condition, styles[tone])} title={error.message}>
      <Icon className="icon-14" aria-hidden="true" />
      {t(word)}
    </span>
  )
}
