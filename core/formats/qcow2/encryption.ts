// The guest's data in an encrypted image: the same storage seen through the cipher, once the passphrase is known.

import { CipherStorage } from '../../crypto/cipher-storage.ts'
import { KeySlots } from '../../crypto/key-slots.ts'
import { legacyCipher } from '../../crypto/legacy.ts'
import { openVolume } from '../../crypto/open-volume.ts'
import type { Volume } from '../../crypto/volume.ts'
import type { OpenGate } from '../../image/driver.ts'
import { SpindleError } from '../../model/error.ts'
import type { Storage } from '../../storage/storage.ts'
import type { Extensions } from './extensions.ts'
import { CRYPT } from './layout.ts'
import type { HeaderFields } from './layout.ts'

/** Guest bytes as they are once decrypted. Legacy encryption counts guest sectors, so where they lie is not enough. */
export type GuestData = (host: number, guest: number) => Storage

export interface Encryption {
  /** qemu-img's words for it. */
  readonly details: Record<string, unknown>
  /** Present when the passphrase is known. */
  readonly dataStorage?: Storage
  readonly guestData?: GuestData
  /** Of LUKS. */
  readonly keySlots?: KeySlots
  readonly unreadable?: SpindleError
}

/** `data` is where the guest's bytes are: in the image or in a file of their own. */
export async function openEncryption(
  image: { readonly storage: Storage; readonly data: Storage },
  header: HeaderFields,
  { encryption: place }: Extensions,
  gate: OpenGate,
): Promise<Encryption> {
  const { storage, data } = image
  if (header.crypt_method === CRYPT.aes) return openLegacy(storage, data, gate)
  let volume: Volume | undefined
  const described = (): Pick<Encryption, 'details' | 'keySlots'> => ({
    details: detailsOf(volume),
    ...(volume && place && { keySlots: new KeySlots(storage, place) }),
  })
  try {
    volume = place && (await openVolume(storage, place))
    const cipher = await volume?.unlock(gate.secrets)
    return { ...described(), ...(cipher && { dataStorage: new CipherStorage(data, cipher) }) }
  } catch (error) {
    if (!(error instanceof SpindleError)) throw error
    return { ...described(), unreadable: error }
  }
}

async function openLegacy(storage: Storage, data: Storage, gate: OpenGate): Promise<Encryption> {
  const details = { format: 'aes' }
  try {
    const cipher = await legacyCipher(storage.name, gate.secrets)
    const seen = new Map<number, Storage>()
    const guestData: GuestData = (host, guest) => {
      const shift = guest - host
      const known = seen.get(shift)
      if (known) return known
      // A fragmented image has as many distances as pieces.
      if (seen.size >= MOST_SEEN) seen.clear()
      const view = new CipherStorage(data, cipher, { shift })
      seen.set(shift, view)
      return view
    }
    return { details, dataStorage: guestData(0, 0), guestData }
  } catch (error) {
    if (!(error instanceof SpindleError)) throw error
    return { details, unreadable: error }
  }
}

const MOST_SEEN = 4096

/** The format stands between what LUKS says of itself, where qemu-img has it. */
function detailsOf(volume: Volume | undefined): Record<string, unknown> {
  const entries = Object.entries(volume?.details ?? {})
  const at = Math.max(
    0,
    entries.findIndex(([key]) => key === 'cipher-mode'),
  )
  return Object.fromEntries([...entries.slice(0, at), ['format', 'luks'], ...entries.slice(at)])
}
