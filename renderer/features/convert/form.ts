// What the Convert dialog holds, and the requests it comes to.

import { t } from 'i18next'
import type {
  ErrorData,
  FormatFacts,
  FormatId,
  OptionValue,
  PresetId,
  SnapshotFacts,
} from '../../../core/model/index.ts'
import type { ConvertRequest } from '../../../electron/contract/data.ts'
import type { FolderId, VolumeId } from '../../../electron/contract/ids.ts'
import { changedOptions } from '../../forms/changed-options.ts'
import type { ConvertSource } from '../../state/dialogs.ts'
import { extensionOf } from '../../state/formats.ts'
import { fileName, stem } from '../../state/volumes.ts'

/** A volume that can be asked for. */
export interface Source {
  readonly id: VolumeId
  readonly name: string
  readonly format: FormatId | undefined
  readonly virtualSize: number | undefined
  readonly allocatedSize: number
  /** The one it lies in; of a library volume it must be asked for. */
  readonly folder: FolderId | undefined
}

export interface Row {
  readonly source: Source
  /** Of the new file, as typed. */
  readonly name: string
  readonly overwrite: boolean
}

/** Given, but nothing to convert. */
export interface Refused {
  readonly name: string
  readonly error: ErrorData
}

export interface ConvertForm {
  readonly format: FormatId
  readonly folder: FolderId | undefined
  readonly compress: boolean
  /** Of the option below; undefined where the format has no choice. */
  readonly codec: string | undefined
  readonly verify: boolean
  /** Only those that were changed. */
  readonly options: Readonly<Record<string, OptionValue>>
  /** Where it is to run; undefined for anywhere. */
  readonly preset: PresetId | undefined
  /** Of the one source: the disk as it was then, and not as it is now. */
  readonly snapshot: SnapshotFacts | undefined
  readonly rows: readonly Row[]
  readonly refused: readonly Refused[]
}

export const CODEC = 'compression_type'

export function sourcesOf(given: readonly ConvertSource[]): {
  readonly sources: readonly Source[]
  readonly refused: readonly Refused[]
} {
  // By id: the same file may have been given twice.
  const sources = new Map<VolumeId, Source>()
  const refused: Refused[] = []
  for (const one of given) {
    if (one.kind === 'library') {
      const { id, name, format, virtualSize, allocatedSize } = one.volume
      sources.set(id, { id, name: fileName(name), format, virtualSize, allocatedSize, folder: undefined })
    } else if (one.kind === 'volume') {
      const { format, virtualSize, allocatedSize } = one.facts
      sources.set(one.id, { id: one.id, name: one.name, format, virtualSize, allocatedSize, folder: one.folder.id })
    } else if (one.kind === 'folder') {
      refused.push({ name: one.folder.label, error: { code: 'invalid-argument', message: t('convert.folder') } })
    } else {
      refused.push({ name: one.name, error: one.error })
    }
  }
  return { sources: [...sources.values()], refused }
}

export function initialForm(
  given: readonly ConvertSource[],
  formats: readonly FormatFacts[],
  verify: boolean,
  snapshot?: SnapshotFacts,
): ConvertForm {
  const { sources, refused } = sourcesOf(given)
  const [source] = sources
  // What one has already is seldom what one wants.
  const usual = source?.format === 'qcow2' ? 'raw' : 'qcow2'
  const format = formats.find((facts) => facts.format === usual) ?? formats[0]
  return {
    format: format?.format ?? 'raw',
    folder: source?.folder,
    compress: false,
    codec: undefined,
    verify,
    options: {},
    preset: undefined,
    snapshot,
    rows: sources.map((one) => ({ source: one, name: nameOf(one, snapshot), overwrite: false })),
    refused,
  }
}

/** Snapshots may be called anything; what a file cannot be called is left out. */
function nameOf({ name }: Source, snapshot: SnapshotFacts | undefined): string {
  if (!snapshot) return stem(name)
  const words = snapshot.name.replaceAll(/[^\p{L}\p{N}._ -]+/gu, ' ').replaceAll(/\s+/g, ' ')
  return `${stem(name)} ${words}`.trim()
}

export function targetName(row: Row, facts: FormatFacts): string {
  const name = row.name.trim()
  const known = facts.extensions.some((extension) => name.toLowerCase().endsWith(`.${extension}`))
  return known ? name : name + extensionOf(facts)
}

export type RowProblem = 'nameMissing' | 'nameSeparator' | 'nameReserved' | 'nameTwice'

/** What can be said without asking the engine. */
export function rowProblem(form: ConvertForm, row: Row, facts: FormatFacts): RowProblem | undefined {
  const name = row.name.trim()
  if (name === '') return 'nameMissing'
  if (/[/\\\0]/.test(name)) return 'nameSeparator'
  if (name === '.' || name === '..') return 'nameReserved'
  const target = targetName(row, facts)
  const first = form.rows.find((other) => targetName(other, facts) === target)
  return first === undefined || first.source.id === row.source.id ? undefined : 'nameTwice'
}

/** Undefined while something needed is missing or wrong. */
export function requestOf(form: ConvertForm, row: Row, facts: FormatFacts): ConvertRequest | undefined {
  if (form.folder === undefined || rowProblem(form, row, facts) !== undefined) return undefined
  const codec = facts.options.find((option) => option.name === CODEC)
  const packs = form.compress && facts.capabilities.compress
  return {
    kind: 'convert',
    source: row.source.id,
    // Raw is only ever said, never guessed: what a guest writes could look like another format.
    ...(row.source.format !== undefined && { sourceFormat: row.source.format }),
    folder: form.folder,
    name: targetName(row, facts),
    format: form.format,
    options: {
      ...changedOptions(form.options, facts),
      ...(packs && form.codec !== undefined && form.codec !== codec?.default && { [CODEC]: form.codec }),
    },
    compress: packs,
    verify: form.verify,
    ...(row.overwrite && { overwrite: true }),
    ...(form.preset !== undefined && { preset: form.preset }),
    ...(form.snapshot && { snapshot: form.snapshot.id }),
  }
}

/** `old-2` beside `old`, `old-3` beside `old-2`. */
export function otherName(name: string): string {
  const [, before = name, number] = /^(.*)-(\d+)$/.exec(name) ?? []
  return `${before}-${number === undefined ? 2 : Number(number) + 1}`
}
