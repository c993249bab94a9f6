// Create options of LUKS: qemu-img's names and defaults, with what people are told of them.

import { SpindleError } from '../model/error.ts'
import type { OptionTable, OptionValues } from '../model/option.ts'
import type { CipherName, Mode, VectorKind } from './cipher-name.ts'
import type { Luks1Design } from './luks1-new.ts'

/** The table with `prefix` before each name: `encrypt.` inside another format. */
export function luksOptions(prefix = ''): OptionTable {
  return OPTIONS.map((option) => ({ ...option, name: prefix + option.name }))
}

const OPTIONS: OptionTable = [
  {
    kind: 'text',
    name: 'key-secret',
    title: 'Passphrase',
    help: 'The id of the secret that holds the passphrase; left out, you are asked for it.',
    default: '',
    hidden: true,
  },
  {
    kind: 'text',
    name: 'recovery-secret',
    title: 'Recovery passphrase',
    help: 'The id of a second secret that opens the image as well, to be kept in a safe place; not in qemu-img.',
    default: '',
    hidden: true,
  },
  {
    kind: 'choice',
    name: 'cipher-alg',
    title: 'Cipher',
    help: 'AES with a longer key is a little slower and can never be tried out, not even by machines to come.',
    default: 'aes-256',
    choices: [
      { value: 'aes-256', title: 'AES, 256 bits' },
      { value: 'aes-192', title: 'AES, 192 bits' },
      { value: 'aes-128', title: 'AES, 128 bits' },
    ],
    advanced: true,
  },
  {
    kind: 'choice',
    name: 'cipher-mode',
    title: 'Cipher mode',
    help: 'XTS is made for disks; CBC is for old programs, and ECB shows which blocks are equal.',
    default: 'xts',
    choices: [
      { value: 'xts', title: 'XTS' },
      { value: 'cbc', title: 'CBC' },
      { value: 'ecb', title: 'ECB' },
    ],
    advanced: true,
  },
  {
    kind: 'choice',
    name: 'ivgen-alg',
    title: 'Sector vectors',
    help: 'What makes equal sectors different on disk: their number, or with CBC better their number encrypted (essiv).',
    default: 'plain64',
    choices: [
      { value: 'plain64', title: 'Sector number' },
      { value: 'plain', title: 'Sector number, 32 bits' },
      { value: 'essiv', title: 'Encrypted sector number' },
    ],
    advanced: true,
  },
  {
    kind: 'choice',
    name: 'ivgen-hash-alg',
    title: 'Hash of the sector vectors',
    help: 'Only for encrypted sector numbers (essiv): sha256, which they have also when it is left out.',
    default: '',
    choices: [
      { value: '', title: 'None' },
      { value: 'sha256', title: 'SHA-256' },
    ],
    advanced: true,
  },
  {
    kind: 'choice',
    name: 'hash-alg',
    title: 'Hash',
    help: 'What passphrases are made into keys with.',
    default: 'sha256',
    choices: ['sha256', 'sha1', 'sha224', 'sha384', 'sha512'].map((value) => ({
      value,
      title: value.replace('sha', 'SHA-'),
    })),
    advanced: true,
  },
  {
    kind: 'size',
    name: 'iter-time',
    title: 'Time to unlock',
    help: 'Milliseconds that trying one passphrase takes on this machine: the longer, the harder it is to guess.',
    default: 2000,
    min: 1,
    max: 600_000,
    // It is no size to anyone but the parser.
    hidden: true,
  },
]

/** The ids of the secrets for a new volume; an empty one when someone is to be asked. */
export function luksSecrets(values: OptionValues, prefix = ''): readonly string[] {
  const recovery = String(values[`${prefix}recovery-secret`])
  return [String(values[`${prefix}key-secret`]), ...(recovery === '' ? [] : [recovery])]
}

/** From values that were held against the table. Throws `invalid-argument` for what does not go together. */
export function luksDesign(values: OptionValues, prefix = ''): Luks1Design {
  const text = (name: string): string => String(values[prefix + name])
  const bits = Number(text('cipher-alg').slice('aes-'.length))
  const mode = text('cipher-mode') as Mode
  const vectors = text('ivgen-alg') as VectorKind
  const vectorHash = text('ivgen-hash-alg') || (vectors === 'essiv' ? 'sha256' : '')
  if (bits === 192 && mode !== 'xts')
    throw new SpindleError(
      'invalid-argument',
      `${prefix}cipher-alg=aes-192 is for ${prefix}cipher-mode=xts only: QEMU cannot open volumes that have it in another mode.`,
    )
  const cipher: CipherName = { algorithm: 'aes', mode, vectors, ...(vectorHash !== '' && { vectorHash }) }
  return {
    cipher,
    keyBytes: (bits / 8) * (mode === 'xts' ? 2 : 1),
    hash: text('hash-alg'),
    milliseconds: Number(values[`${prefix}iter-time`]),
  }
}
