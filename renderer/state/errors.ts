// An error as the window tells it: the headline, the rest of the sentence, and the details for whoever asks.

import { t } from 'i18next'
import type { ErrorData } from '../../core/model/index.ts'

export interface ErrorText {
  readonly headline: string
  readonly rest: string
  /** Folded away; to be copied into a report. */
  readonly details: string
}

/** A full stop inside a file name has no space and a capital after it. */
const FIRST_SENTENCE = /^(.+?[.:])\s+(?=\p{Lu})(.*)$/su

export function errorText(error: ErrorData): ErrorText {
  const [, headline, rest] = FIRST_SENTENCE.exec(error.message) ?? []
  const details = [
    t('error.code', { code: error.code }),
    error.operation !== undefined && t('error.operation', { operation: error.operation }),
    error.path,
    error.offset !== undefined && t('error.offset', { offset: `0x${error.offset.toString(16).toUpperCase()}` }),
  ]
  return {
    headline: headline ?? error.message,
    rest: rest ?? '',
    details: details.filter((line) => typeof line === 'string').join('\n'),
  }
}
