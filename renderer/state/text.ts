// Sizes, rates, times and dates in the reader's language.

import i18next, { t } from 'i18next'
import { formatSize } from '../../core/model/index.ts'

export function sizeText(bytes: number): string {
  return formatSize(bytes, i18next.language)
}

export function rateText(bytesPerSecond: number): string {
  return t('units.perSecond', { size: sizeText(bytesPerSecond) })
}

export function percentText(part: number): string {
  return t('units.percent', { value: Math.floor(part * 100) })
}

/** `40 s`, `3 min`, `2 h 5 min`: coarse on purpose, so that it does not flicker. */
export function durationText(seconds: number): string {
  if (seconds < 60) return t('units.seconds', { count: Math.max(5, Math.ceil(seconds / 5) * 5) })
  const minutes = Math.round(seconds / 60)
  if (minutes < 60) return t('units.minutes', { count: minutes })
  return t('units.hoursMinutes', { hours: Math.floor(minutes / 60), minutes: minutes % 60 })
}

/** `14:05` today, `12 Nov` this year, `Aug 2025` before. */
export function dateText(milliseconds: number, now = new Date()): string {
  const date = new Date(milliseconds)
  if (date.toDateString() === now.toDateString()) return formatter('time').format(date)
  return formatter(date.getFullYear() === now.getFullYear() ? 'day' : 'month').format(date)
}

export function fullDateText(milliseconds: number): string {
  return formatter('full').format(milliseconds)
}

const STYLES = {
  time: { hour: '2-digit', minute: '2-digit', hourCycle: 'h23' },
  day: { day: 'numeric', month: 'short' },
  month: { month: 'short', year: 'numeric' },
  full: { dateStyle: 'medium', timeStyle: 'short' },
} as const satisfies Record<string, Intl.DateTimeFormatOptions>

const formatters = new Map<string, Intl.DateTimeFormat>()

/** Making one costs more than a row; they are kept. Day before month in plain English, as everywhere else. */
function formatter(style: keyof typeof STYLES): Intl.DateTimeFormat {
  const locale = i18next.language === 'en' ? 'en-GB' : i18next.language
  const key = `${locale} ${style}`
  const known = formatters.get(key) ?? new Intl.DateTimeFormat(locale, STYLES[style])
  formatters.set(key, known)
  return known
}
