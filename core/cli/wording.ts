// Numbers and JSON the way qemu-img writes them, so that what reads its output reads ours.

const UNITS = ['', 'Ki', 'Mi', 'Gi', 'Ti', 'Pi', 'Ei']

/** Three significant digits and the unit: `196 KiB`, `2.19 MiB`. */
export function sizeText(bytes: number): string {
  // From 1000 on the next unit is shorter: 0.977 KiB, never 1000 B.
  const unit = bytes < 1000 ? 0 : Math.min(UNITS.length - 1, Math.floor(Math.log2((bytes * 1024) / 1000) / 10))
  return `${general(bytes / 1024 ** unit)} ${UNITS[unit] ?? ''}B`
}

/** C's `%.3g`, for numbers below 1024: what lies in the middle goes to the even side. */
function general(value: number): string {
  const scale = value < 1 ? 1000 : value < 10 ? 100 : value < 100 ? 10 : 1
  const scaled = value * scale
  const below = Math.floor(scaled)
  const middle = scaled - below === 0.5
  return String((middle ? below + (below % 2) : Math.round(scaled)) / scale)
}

export type Json = string | number | boolean | null | readonly Json[] | { readonly [key: string]: Json | undefined }

/** Four blanks a level, empty lists over two lines, everything beyond ASCII escaped. Keys that are undefined are left out. */
export function jsonText(value: Json, indent = ''): string {
  const inner = `${indent}    `
  if (Array.isArray(value)) {
    const items = (value as readonly Json[]).map((item) => inner + jsonText(item, inner))
    return `[\n${items.join(',\n')}${items.length > 0 ? '\n' : ''}${indent}]`
  }
  if (typeof value === 'object' && value !== null) {
    const items = Object.entries(value).flatMap(([key, item]) =>
      item === undefined ? [] : [`${inner}${stringText(key)}: ${jsonText(item, inner)}`],
    )
    return `{\n${items.join(',\n')}${items.length > 0 ? '\n' : ''}${indent}}`
  }
  return typeof value === 'string' ? stringText(value) : String(value)
}

function stringText(text: string): string {
  return JSON.stringify(text).replaceAll(
    /[\x7f-\uffff]/g,
    (one) => `\\u${one.charCodeAt(0).toString(16).toUpperCase().padStart(4, '0')}`,
  )
}
