// Sizes, rates, times and dates in the reader's language.

import i18next, { t } from 'i18next'
import { formatSize } from '../../core/model/index.ts'

export function sizeText(bytes: number): string {
  return formatSize(bytes, i18next.language)
}

export function rateText(bytesPerSecond: number): string {
  return t('units.perSecond', { size: sizeText(bytesPerSecond) })
}

export function countText(count: number): string {
  return new Intl.NumberFormat(i18next.language).format(count)
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

/** `1.4 s`: of what has been measured. */
export function secondsText(seconds: number): string {
  const style = { style: 'unit', unit: 'second', unitDisplay: 'short', maximumFractionDigits: 1 } as const
  return new Intl.NumberFormat(i18next.language, style).format(seconds)
}

/** `14:05` today, `12 Nov` this year, `Aug 2025` before. */
export function dateText(milliseconds: number, now = new Date()): string {
  const date = new Date(milliseconds)
  if (date.toDateString() === now.toDateString()) return formatter('time').format(date)
  const month = formatter('month').format(date)
  return date.getFullYear() === now.getFullYear()
    ? t('units.dayMonth', { day: date.getDate(), month })
    : t('units.monthYear', { month, year: date.getFullYear() })
}

export function fullDateText(milliseconds: number): string {
  const date = new Date(milliseconds)
  const month = formatter('month').format(date)
  const time = formatter('time').format(date)
  return t('units.dateTime', { day: date.getDate(), month, year: date.getFullYear(), time })
}

/** `14:05:09`. */
export function clockText(milliseconds: number): string {
  return formatter('clock').format(new Date(milliseconds))
}

const STYLES = {
  clock: { hour: '2-digit', minute: '2-digit', second: '2-digit', hourCycle: 'h23' },
  time: { hour: '2-digit', minute: '2-digit', hourCycle: 'h23' },
  month: { month: 'short' },
} as const satisfies Record<string, Intl.DateTimeFormatOptions>

const formatters = new Map<string, Intl.DateTimeFormat>()

/** Making one costs more than a row; they are kept. */
function formatter(style: keyof typeof STYLES): Intl.DateTimeFormat {
  const key = `${i18next.language} ${style}`
  const known = formatters.get(key) ?? new Intl.DateTimeFormat(i18next.language, STYLES[style])
  formatters.set(key, known)
  return known
}
