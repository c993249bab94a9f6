// How a volume is encrypted and who can open it, read from what its image says of itself.

import type { ImageFacts } from '../../../core/model/index.ts'

export interface Sealing {
  /** `aes` is what qcow had before LUKS. */
  readonly kind: 'luks1' | 'luks2' | 'aes'
  /** As people write it: `AES-256, XTS`. */
  readonly cipher: string
  readonly slots: readonly Slot[]
}

export interface Slot {
  readonly number: number
  readonly active: boolean
  /** Rounds that trying a passphrase takes, where it is counted in them. */
  readonly rounds?: number
  /** KiB of memory it takes, of the kinds that take some. */
  readonly memory?: number
}

/** Undefined where the header could not be read. */
export function sealingOf({ format, details }: ImageFacts): Sealing | undefined {
  const outer = asObject(details.specific)
  const specific = format === 'luks' ? outer : asObject(outer?.['encrypt'])
  if (!specific) return undefined
  if (specific['format'] === 'aes') return { kind: 'aes', cipher: 'AES-128, CBC', slots: [] }
  const slots = Array.isArray(specific['slots']) ? specific['slots'].map(asObject) : []
  if (specific['version'] === 2)
    return {
      kind: 'luks2',
      cipher: String(specific['encryption']),
      slots: slots.map((slot, index) => ({
        number: numberOf(slot?.['number']) ?? index,
        active: true,
        ...known('rounds', slot?.['iters']),
        ...known('memory', slot?.['memory']),
      })),
    }
  return {
    kind: 'luks1',
    cipher: `${String(specific['cipher-alg'])}, ${String(specific['cipher-mode'])}`.toUpperCase(),
    slots: slots.map((slot, number) => ({
      number,
      active: slot?.['active'] === true,
      ...known('rounds', slot?.['iters']),
    })),
  }
}

function known<Name extends string>(name: Name, value: unknown): { readonly [Key in Name]?: number } {
  const number = numberOf(value)
  return (number === undefined ? {} : { [name]: number }) as { readonly [Key in Name]?: number }
}

function numberOf(value: unknown): number | undefined {
  return typeof value === 'number' ? value : undefined
}

function asObject(value: unknown): Readonly<Record<string, unknown>> | undefined {
  return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : undefined
}
