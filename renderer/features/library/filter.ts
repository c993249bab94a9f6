// What is typed into the filter field, understood: `format:qcow2 size>20G deb`.

import type { Volume } from '../../../electron/contract/data.ts'
import { assertNever, parseSize } from '../../../core/model/index.ts'

type Comparison = '<' | '<=' | '=' | '>=' | '>'

export type Term =
  | { readonly kind: 'text'; readonly text: string }
  | { readonly kind: 'format'; readonly formats: readonly string[] }
  | { readonly kind: 'parent'; readonly text: string }
  | { readonly kind: 'is'; readonly what: 'in-use' | 'missing' | 'encrypted' }
  | {
      readonly kind: 'count'
      readonly field: 'overlays' | 'snapshots'
      readonly comparison: Comparison
      readonly count: number
    }
  | {
      readonly kind: 'bytes'
      readonly field: 'size' | 'disk'
      readonly comparison: Comparison
      readonly bytes: number
    }

/** A word, or several in quotes; the quotes may follow a key: `parent:"my base"`. */
const WORDS = /(?:[^\s"]+|"[^"]*"?)+/g
const COUNT = /^(overlays|snapshots)(<=|>=|<|>|=|:)(\d+)$/i
const BYTES = /^(size|disk)(<=|>=|<|>|=|:)(.+)$/i

/** Every term must hold. A term that is not finished yet (`size>`) is left out; one that makes no sense is text. */
export function parseFilter(text: string): readonly Term[] {
  return (text.match(WORDS) ?? []).flatMap((word) => parseTerm(word) ?? [])
}

function parseTerm(word: string): Term | undefined {
  const plain = word.replaceAll('"', '').toLowerCase()
  if (plain === '' || /^(?:format:|parent:|(?:size|disk|overlays|snapshots)[<>=:]+)$/.test(plain)) return undefined
  if (plain.startsWith('format:')) return { kind: 'format', formats: plain.slice(7).split(',').filter(Boolean) }
  if (plain.startsWith('parent:')) return { kind: 'parent', text: plain.slice(7) }
  if (plain === 'in-use' || plain === 'missing' || plain === 'encrypted') return { kind: 'is', what: plain }
  const [, counted, how = '', number = ''] = COUNT.exec(plain) ?? []
  if (counted !== undefined) {
    return {
      kind: 'count',
      field: counted as 'overlays' | 'snapshots',
      comparison: comparisonOf(how),
      count: Number(number),
    }
  }
  const [, field, comparison = '', amount = ''] = BYTES.exec(plain) ?? []
  const bytes = parseSize(amount)
  if (field === undefined || bytes === undefined) return { kind: 'text', text: plain }
  return {
    kind: 'bytes',
    field: field as 'size' | 'disk',
    comparison: comparisonOf(comparison),
    bytes,
  }
}

function comparisonOf(written: string): Comparison {
  return written === ':' ? '=' : (written as Comparison)
}

export function matches(terms: readonly Term[], volume: Volume): boolean {
  return terms.every((term) => {
    switch (term.kind) {
      case 'text':
        return volume.name.toLowerCase().includes(term.text)
      case 'format':
        return term.formats.includes(volume.format ?? '')
      case 'parent':
        return volume.backing?.toLowerCase().includes(term.text) ?? false
      case 'is':
        return isSo(term.what, volume)
      case 'count':
        return compares(
          term.field === 'overlays' ? (volume.overlayCount ?? 0) : volume.snapshotCount,
          term.comparison,
          term.count,
        )
      case 'bytes':
        return compares(term.field === 'size' ? volume.virtualSize : volume.allocatedSize, term.comparison, term.bytes)
      default:
        return assertNever(term)
    }
  })
}

function isSo(what: 'in-use' | 'missing' | 'encrypted', volume: Volume): boolean {
  switch (what) {
    case 'in-use':
      return volume.inUse !== undefined || volume.error?.code === 'in-use'
    case 'missing':
      return volume.parentMissing === true || volume.error?.code === 'missing-file'
    case 'encrypted':
      return volume.encrypted === true
    default:
      return assertNever(what)
  }
}

function compares(value: number | undefined, comparison: Comparison, bytes: number): boolean {
  if (value === undefined) return false
  switch (comparison) {
    case '<':
      return value < bytes
    case '<=':
      return value <= bytes
    case '=':
      return value === bytes
    case '>=':
      return value >= bytes
    case '>':
      return value > bytes
    default:
      return assertNever(comparison)
  }
}

/** The formats the text asks for; what the Format menu has ticked. */
export function askedFormats(text: string): readonly string[] {
  return parseFilter(text).flatMap((term) => (term.kind === 'format' ? term.formats : []))
}

/** The same text, asking for these formats; none means all. */
export function withFormats(text: string, formats: readonly string[]): string {
  const others = (text.match(WORDS) ?? []).filter((word) => !word.toLowerCase().startsWith('format:'))
  return [...(formats.length > 0 ? [`format:${formats.join(',')}`] : []), ...others].join(' ')
}
