// Encrypted images under the contract: LUKS by itself, in each of its modes.

import { KiB } from '../../core/model/units.ts'
import { SECRET_ID } from '../helpers/keyring.ts'
import type { Subject } from './subjects.ts'

const SIZE = 200 * KiB + 512
const QUICK = { 'key-secret': SECRET_ID, 'iter-time': 1 }

export const ENCRYPTED_SUBJECTS: readonly Subject[] = [
  { name: 'luks', format: 'luks', options: QUICK, size: SIZE, block: 4 * KiB },
  {
    name: 'luks, cbc-essiv',
    format: 'luks',
    options: { ...QUICK, 'cipher-mode': 'cbc', 'ivgen-alg': 'essiv', 'cipher-alg': 'aes-128' },
    size: SIZE,
    block: 4 * KiB,
  },
]
