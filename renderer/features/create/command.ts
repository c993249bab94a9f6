// The same volume made on the command line.

import { GiB, KiB, MiB, TiB } from '../../../core/model/index.ts'
import type { OptionValue } from '../../../core/model/index.ts'
import type { CreateRequest } from '../../../electron/contract/data.ts'
import { commandText } from '../../state/shell-words.ts'

interface Surroundings {
  /** As people write it: `~/VMs`. */
  readonly folder: string
  readonly backing?: { readonly path: string; readonly format?: string } | undefined
}

export function createCommand(request: CreateRequest, { folder, backing }: Surroundings): string {
  const options = Object.entries(request.options).map(([name, value]) => `${name}=${valueText(value)}`)
  return commandText([
    'spindle',
    'create',
    '-f',
    request.format,
    ...(options.length > 0 ? ['-o', options.join(',')] : []),
    ...(backing ? ['-b', backing.path] : []),
    ...(backing?.format === undefined ? [] : ['-F', backing.format]),
    ...(request.preset === undefined ? [] : ['--for', request.preset]),
    ...(request.overwrite === true ? ['--force'] : []),
    `${folder.replace(/\/$/, '')}/${request.name}`,
    ...(request.virtualSize === undefined ? [] : [sizeWord(request.virtualSize)]),
  ])
}

function valueText(value: OptionValue): string {
  if (typeof value === 'boolean') return value ? 'on' : 'off'
  // A comma inside a value is written twice.
  return String(value).replaceAll(',', ',,')
}

const UNITS = [
  [TiB, 'T'],
  [GiB, 'G'],
  [MiB, 'M'],
  [KiB, 'K'],
] as const

/** `64G`, or bytes when no suffix comes out even. */
function sizeWord(bytes: number): string {
  const [size, letter] = UNITS.find(([size]) => bytes > 0 && bytes % size === 0) ?? [1, '']
  return `${bytes / size}${letter}`
}
