// What the Create dialog holds, what is wrong with it, and the request it comes to.

import type { FormatFacts, FormatId, OptionValue, PresetId } from '../../../core/model/index.ts'
import { parseSize } from '../../../core/model/index.ts'
import type { CreateRequest, Volume } from '../../../electron/contract/data.ts'
import type { FolderId, VolumeId } from '../../../electron/contract/ids.ts'
import { changedOptions } from '../../forms/changed-options.ts'
import { extensionOf } from '../../state/formats.ts'

export interface CreateForm {
  readonly format: FormatId
  /** As typed; the extension follows. */
  readonly name: string
  readonly folder: FolderId | undefined
  /** As typed: `20G`. Empty over a base means as large as that. */
  readonly size: string
  readonly backing: VolumeId | undefined
  /** Only those that were changed. */
  readonly options: Readonly<Record<string, OptionValue>>
  /** Where it is to run; undefined for anywhere. */
  readonly preset?: PresetId | undefined
  /** A file of that name may be replaced. */
  readonly overwrite: boolean
}

/** Drawn as a table of its own. */
export const ALLOCATION = 'preallocation'

export interface Problems {
  readonly name?: 'nameMissing' | 'nameSeparator' | 'nameReserved' | 'nameTaken'
  readonly folder?: 'folderMissing'
  readonly size?: 'sizeMissing' | 'sizeInvalid' | 'sizeZero'
}

export function fullName(form: CreateForm, facts: FormatFacts): string {
  const name = form.name.trim()
  const extensions = facts.extensions.map((extension) => `.${extension}`)
  return extensions.some((extension) => name.toLowerCase().endsWith(extension)) ? name : name + extensionOf(facts)
}

/** `taken` are the names that are known to be in the folder. */
export function problemsOf(form: CreateForm, facts: FormatFacts, taken: ReadonlySet<string>): Problems {
  const name = nameProblem(form, facts, taken)
  const size = sizeProblem(form)
  return {
    ...(name && { name }),
    ...(form.folder === undefined && { folder: 'folderMissing' }),
    ...(size && { size }),
  }
}

function nameProblem(form: CreateForm, facts: FormatFacts, taken: ReadonlySet<string>): Problems['name'] {
  const name = form.name.trim()
  if (name === '') return 'nameMissing'
  if (/[/\\\0]/.test(name)) return 'nameSeparator'
  if (name === '.' || name === '..') return 'nameReserved'
  return taken.has(fullName(form, facts)) && !form.overwrite ? 'nameTaken' : undefined
}

function sizeProblem({ size, backing }: CreateForm): Problems['size'] {
  if (size.trim() === '') return backing === undefined ? 'sizeMissing' : undefined
  const bytes = parseSize(size)
  if (bytes === undefined) return 'sizeInvalid'
  return bytes === 0 ? 'sizeZero' : undefined
}

/** Undefined while something needed is missing or wrong. */
export function requestOf(form: CreateForm, facts: FormatFacts): CreateRequest | undefined {
  const { folder, backing } = form
  const { name, size } = problemsOf(form, facts, new Set())
  if (folder === undefined || name !== undefined || size !== undefined) return undefined
  const virtualSize = parseSize(form.size)
  return {
    kind: 'create',
    folder,
    name: fullName(form, facts),
    format: form.format,
    options: changedOptions(form.options, facts),
    ...(virtualSize !== undefined && { virtualSize }),
    ...(backing !== undefined && facts.capabilities.backing && { backing }),
    ...(form.preset !== undefined && { preset: form.preset }),
    ...(form.overwrite && { overwrite: true }),
  }
}

/** `volume-2` when `volume-1` is taken. */
export function freeName(stem: string, extension: string, taken: ReadonlySet<string>, first = 1): string {
  let number = first
  while (taken.has(`${stem}-${number}${extension}`)) number += 1
  return `${stem}-${number}`
}

/** Names known to lie directly in the folder. */
export function namesIn(folder: FolderId | undefined, volumes: Iterable<Volume>): ReadonlySet<string> {
  const names = new Set<string>()
  for (const volume of volumes) if (volume.place === folder && !volume.name.includes('/')) names.add(volume.name)
  return names
}
