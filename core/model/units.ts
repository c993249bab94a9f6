// Sizes in bytes: parsing what people type and saying what programs print.

export const KiB = 1024
export const MiB = 1024 * KiB
export const GiB = 1024 * MiB
export const TiB = 1024 * GiB

const SUFFIXES = ['', 'K', 'M', 'G', 'T', 'P', 'E']
const SIZE_TEXT = /^\s*(\d+(?:[.,]\d*)?|[.,]\d+)\s*([kmgtpe]?)(?:i?b|io|o)?\s*$/i

/**
 * Bytes meant by a text such as `20G`, `1.5 TiB` or `4096`; powers of 1024.
 * Undefined when the text is no size, is negative, or is past 2^53-1 bytes.
 */
export function parseSize(text: string): number | undefined {
  const match = SIZE_TEXT.exec(text)
  if (!match) return undefined
  const [, digits = '', suffix = ''] = match
  const power = SUFFIXES.indexOf(suffix.toUpperCase())
  const bytes = Math.round(Number(digits.replace(',', '.')) * 1024 ** power)
  return Number.isSafeInteger(bytes) ? bytes : undefined
}

/** A size as people read it: three significant digits and the unit, `11.2 GiB`, `196 KiB`, `512 B`. */
export function formatSize(bytes: number, locale = 'en'): string {
  const units = locale.startsWith('fr')
    ? ['o', 'Kio', 'Mio', 'Gio', 'Tio', 'Pio', 'Eio']
    : ['B', 'KiB', 'MiB', 'GiB', 'TiB', 'PiB', 'EiB']
  let value = bytes
  let unit = 0
  // 999.5 rounds to four digits at this unit, so it belongs to the next one only from 1024 on
  while (Math.abs(value) >= 1023.5 && unit < units.length - 1) {
    value /= 1024
    unit += 1
  }
  const digits = unit === 0 || Math.abs(value) >= 99.95 ? 0 : Math.abs(value) >= 9.995 ? 1 : 2
  return `${numberFormat(locale, digits).format(value)} ${units[unit] ?? ''}`
}

const numberFormats = new Map<string, Intl.NumberFormat>()

/** Making one takes longer than a row of a table may take. */
function numberFormat(locale: string, maximumFractionDigits: number): Intl.NumberFormat {
  const key = `${locale} ${maximumFractionDigits}`
  const known = numberFormats.get(key) ?? new Intl.NumberFormat(locale, { maximumFractionDigits })
  numberFormats.set(key, known)
  return known
}

export function roundUp(value: number, multiple: number): number {
  return Math.ceil(value / multiple) * multiple
}

export function roundDown(value: number, multiple: number): number {
  return Math.floor(value / multiple) * multiple
}

export function isPowerOfTwo(value: number): boolean {
  return value > 0 && Number.isInteger(Math.log2(value))
}
