// Encrypting a new volume: which formats can, the options that say so, and the passphrases for one use.

import type { FormatFacts, OptionTable, OptionValues } from '../../core/model/index.ts'
import { api } from '../state/api.ts'
import type { NewPassphraseHandle } from './new-passphrase.tsx'

const INSIDE = 'encrypt.'
const FORMAT = 'encrypt.format'

/** A raw disk is encrypted by becoming a LUKS volume; qcow2 has it inside. */
export function encryptedFormat({ format, options }: FormatFacts): 'inside' | 'bare' | 'none' {
  if (options.some(({ name }) => name === FORMAT)) return 'inside'
  return format === 'raw' || format === 'luks' ? 'bare' : 'none'
}

export function isEncrypted(format: string, options: OptionValues): boolean {
  return format === 'luks' || options[FORMAT] === 'luks'
}

/** What the form holds when it is, or is not, to be encrypted. */
export function withEncryption<Form extends { readonly format: FormatFacts['format']; readonly options: OptionValues }>(
  form: Form,
  facts: FormatFacts,
  encrypted: boolean,
): Pick<Form, 'format' | 'options'> {
  if (encryptedFormat(facts) === 'bare') return { format: encrypted ? 'luks' : 'raw', options: form.options }
  const { [FORMAT]: _, ...others } = form.options
  return { format: form.format, options: encrypted ? { ...others, [FORMAT]: 'luks' } : others }
}

/** Options that are of no use for a volume that is not encrypted, and the one that has a place of its own. */
export function encryptionOptions(options: OptionTable, encrypted: boolean): readonly string[] {
  return options.map(({ name }) => name).filter((name) => name === FORMAT || (!encrypted && name.startsWith(INSIDE)))
}

/** Hands the passphrases over, for the one job that has these options. */
export async function withSecrets(
  options: OptionValues,
  format: string,
  secrets: NewPassphraseHandle,
): Promise<OptionValues> {
  const prefix = format === 'luks' ? '' : INSIDE
  const recovery = secrets.recovery()
  return {
    ...options,
    [`${prefix}key-secret`]: await held(secrets.passphrase()),
    ...(recovery && { [`${prefix}recovery-secret`]: await held(recovery) }),
  }
}

async function held(secret: Uint8Array): Promise<string> {
  try {
    return await api.holdSecret(secret)
  } finally {
    secret.fill(0)
  }
}
