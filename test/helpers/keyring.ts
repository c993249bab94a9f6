// A keyring that knows one passphrase, by the id that the options of encrypted test images name.

import { Keyring } from '../../core/crypto/keyring.ts'

export const SECRET_ID = 'test'
export const PASSPHRASE = 'correct horse battery staple'

export function testKeyring(passphrase = PASSPHRASE): Keyring {
  const keyring = new Keyring()
  keyring.add(SECRET_ID, new TextEncoder().encode(passphrase))
  return keyring
}
