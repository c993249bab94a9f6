// How a volume is, as far as the library knows: an icon and a word.

import { Check, CircleExclamationPoint, FileX, Lock, LockKeyhole, TriangleExclamationPoint, Unlink } from 'lucide-react'
import { t } from 'i18next'
import type { ParseKeys } from 'i18next'
import type { LucideIcon } from 'lucide-react'
import type { ErrorCode } from '../../../core/model/index.ts'
import type { Volume } from '../../../electron/contract/data.ts'
import { useChecks, verdictOf } from '../../state/checks.ts'
import type { Verdict } from '../../state/checks.ts'
import { classNames } from '../../ui/class-names.ts'
import styles from './health.module.css'

interface Condition {
  readonly icon: LucideIcon
  readonly word: ParseKeys
  readonly tone: 'danger' | 'info' | 'warn' | 'quiet'
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

/** What was found by a check that still holds. A good state is muted: forty green ticks would be noise. */
const FOUND: Partial<Record<Verdict, Condition>> = {
  sound: { icon: Check, word: 'health.sound', tone: 'quiet' },
  leaks: { icon: TriangleExclamationPoint, word: 'health.leaks', tone: 'warn' },
  incomplete: { icon: TriangleExclamationPoint, word: 'health.incomplete', tone: 'warn' },
  errors: DAMAGED,
}

export function Health({ volume }: { readonly volume: Volume }) {
  const checked = useChecks((state) => state.byVolume.get(volume.id))
  const { error } = volume
  const missing = volume.parentMissing === true ? CONDITIONS['missing-file'] : undefined
  const condition = error ? (CONDITIONS[error.code] ?? DAMAGED) : (missing ?? FOUND[verdictOf(checked, volume)])
  if (!condition) return <span className="secondary">{t('health.notChecked')}</span>
  const { icon: Icon, word, tone } = condition
  return (
    <span className={classNames('secondary', styles.condition, styles[tone])} title={error?.message}>
      <Icon className="icon-14" aria-hidden="true" />
      {t(word)}
    </span>
  )
}
