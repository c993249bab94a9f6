// Encrypted images under the contract: LUKS by itself, and inside qcow2 in every form that places data in a way of its own.

import type { OptionValues } from '../../core/model/option.ts'
import { KiB, MiB } from '../../core/model/units.ts'
import { SECRET_ID } from '../helpers/keyring.ts'
import type { Subject } from './subjects.ts'

const SMALL = 200 * KiB + 512
const MIDDLE = MiB + 5 * 512
const QUICK = { 'key-secret': SECRET_ID, 'iter-time': 1 }

export const ENCRYPTED_SUBJECTS: readonly Subject[] = [
  { name: 'luks', format: 'luks', options: QUICK, size: SMALL, block: 4 * KiB },
  {
    name: 'luks, cbc-essiv',
    format: 'luks',
    options: { ...QUICK, 'cipher-mode': 'cbc', 'ivgen-alg': 'essiv', 'cipher-alg': 'aes-128' },
    size: SMALL,
    block: 4 * KiB,
  },
  qcow2('encrypted', MIDDLE, { cluster_size: 64 * KiB }),
  qcow2('encrypted, tables prepared', MIDDLE, { cluster_size: 16 * KiB, preallocation: 'metadata' }),
  qcow2('encrypted, everything written', SMALL, { cluster_size: 4 * KiB, preallocation: 'full' }),
  qcow2('encrypted, external data file', SMALL, { cluster_size: 16 * KiB, data_file: 'data' }),
  qcow2('encrypted, subclusters over a raw disk', MIDDLE, { cluster_size: 32 * KiB, extended_l2: true }, true),
  qcow2('encrypted, version 2 over a raw disk', SMALL, { cluster_size: 8 * KiB, compat: '0.10' }, true),
]

/** QEMU’s check would want the passphrase, so it is no judge of these. */
export const ENCRYPTED_CRASH_SUBJECTS: readonly Subject[] = [
  // The shortest header there is: every state of the file is kept.
  qcow2('encrypted', 192 * KiB, {
    cluster_size: 4 * KiB,
    'encrypt.cipher-alg': 'aes-128',
    'encrypt.cipher-mode': 'cbc',
  }),
]

function qcow2(words: string, size: number, options: OptionValues, over = false): Subject {
  return {
    name: `qcow2, ${words}`,
    format: 'qcow2',
    options: { 'encrypt.format': 'luks', 'encrypt.key-secret': SECRET_ID, 'encrypt.iter-time': 1, ...options },
    size,
    block: Number(options['cluster_size']),
    packs: false,
    ...(over && { backing: { format: 'raw', size } }),
  }
}
