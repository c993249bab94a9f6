// What a check found, in a line.

import { t } from 'i18next'
import type { CheckReport } from '../../../core/model/index.ts'
import { sizeText } from '../../state/text.ts'

/** Bytes that leaked clusters take. */
export function leakedBytes({ totals, clusterSize }: CheckReport): number {
  return totals.leaks * clusterSize
}

/** `1 error, 312 MiB of leaks`; or that all is in order. */
export function headline(report: CheckReport): string {
  const { corruptions, leaks, checkErrors } = report.totals
  const parts = [
    ...(corruptions > 0 ? [t('check.errors', { count: corruptions })] : []),
    ...(leaks > 0 ? [t('check.leaks', { size: sizeText(leakedBytes(report)) })] : []),
    ...(checkErrors > 0 ? [t('check.unchecked', { count: checkErrors })] : []),
  ]
  return parts.length === 0 ? t('check.sound') : parts.join(', ')
}
