// The formats the engine has, as the dialogs need them.

import { create } from 'zustand'
import type { FormatFacts, FormatId } from '../../core/model/index.ts'

interface Formats {
  readonly formats: readonly FormatFacts[]
}

export const useFormats = create<Formats>()(() => ({ formats: [] }))

/** Undefined while the formats are not known yet. */
export function factsOf(formats: readonly FormatFacts[], id: FormatId | undefined): FormatFacts | undefined {
  return formats.find((facts) => facts.format === id)
}

/** Asked for most first. */
const MADE = ['qcow2', 'vdi', 'vmdk', 'vhdx', 'vpc', 'raw', 'qed'] as const

/** The same format where new volumes are made in it, so that there are words for what it is good for. */
export function madeFormat(format: FormatId): (typeof MADE)[number] | undefined {
  return MADE.find((one) => one === format)
}

/** Those that new volumes are made in, the ones most asked for first. */
export function madeFormats(formats: readonly FormatFacts[]): readonly FormatFacts[] {
  return MADE.flatMap((format) => formats.find((facts) => facts.format === format) ?? [])
}

/** How a format is drawn: one picture each, so that a column of them can be told apart at a glance. */
export function formatShape(format: string | undefined): 'stack' | 'drive' | 'cube' | 'sheets' | 'panes' | 'unknown' {
  switch (format) {
    case 'qcow2':
    case 'qcow':
    case 'qed':
      return 'stack'
    case 'raw':
      return 'drive'
    case 'vdi':
      return 'cube'
    case 'vmdk':
      return 'sheets'
    case 'vhdx':
    case 'vpc':
      return 'panes'
    default:
      return 'unknown'
  }
}

/** The extension new files of the format get, with its dot: the format's own name where it is one. */
export function extensionOf(facts: FormatFacts): string {
  return `.${facts.extensions.find((extension) => extension === facts.format) ?? facts.extensions[0] ?? facts.format}`
}
