// An open LUKS volume: guest offset and offset in the decrypted storage are the same.

import { CipherStorage } from '../../crypto/cipher-storage.ts'
import { KeySlots } from '../../crypto/key-slots.ts'
import { SECTOR } from '../../crypto/luks1-layout.ts'
import type { Volume } from '../../crypto/volume.ts'
import { openVolume } from '../../crypto/open-volume.ts'
import type { Access, ImageLayer, LayerWriter, OpenGate, Room } from '../../image/driver.ts'
import type { Extent } from '../../image/extent.ts'
import type { Resizer } from '../../image/facets.ts'
import { SpindleError } from '../../model/error.ts'
import type { ErrorData } from '../../model/error.ts'
import type { Details } from '../../model/image.ts'
import { roundDown } from '../../model/units.ts'
import type { Storage } from '../../storage/storage.ts'
import { LuksResizer } from './resizer.ts'

/** Nobody may know the passphrase: then the volume can be described and no more. */
export async function openLuks(storage: Storage, gate: OpenGate, access: Access): Promise<ImageLayer> {
  const volume = await openVolume(storage, { offset: 0, length: await storage.size() })
  const { payload } = volume
  const fileSize = await storage.size()
  const length = payload.length ?? roundDown(Math.max(0, fileSize - payload.start), payload.sectorSize ?? SECTOR)
  try {
    const cipher = await volume.unlock(gate.secrets)
    return new LuksLayer(storage, volume, length, {
      plain: new CipherStorage(storage, cipher, { ...payload, length }),
      access,
      ...(payload.start > fileSize && { unwritable: cutOff(storage.name, payload.start, fileSize) }),
    })
  } catch (error) {
    if (!(error instanceof SpindleError) || (error.code !== 'locked' && error.code !== 'unsupported')) throw error
    return new LuksLayer(storage, volume, length, { unreadable: error.toData() })
  }
}

/** A header alone, as of a backup, or one that lies about where the data is. */
function cutOff(path: string, start: number, fileSize: number): ErrorData {
  const message = `The encrypted data of ${path} is to start at ${start} bytes, but the file ends after ${fileSize}, so nothing can be written into it. Nothing was changed.`
  return new SpindleError('invalid-image', message, { path }).toData()
}

interface Unlocked {
  readonly plain: CipherStorage
  readonly access: Access
  readonly unwritable?: ErrorData
}

type Content = Unlocked | { readonly unreadable: ErrorData }

class LuksLayer implements ImageLayer {
  readonly format = 'luks'
  readonly blockSize = 1
  readonly storage: Storage
  readonly virtualSize: number
  readonly unreadable?: ErrorData
  readonly unwritable?: ErrorData
  readonly writer?: LayerWriter
  readonly resizer?: Resizer
  readonly keySlots?: KeySlots
  readonly #volume: Volume
  readonly #plain: CipherStorage | undefined

  constructor(storage: Storage, volume: Volume, virtualSize: number, content: Content) {
    this.storage = storage
    this.virtualSize = virtualSize
    this.#volume = volume
    if (volume.version === 1) this.keySlots = new KeySlots(storage, { offset: 0, length: volume.payload.start })
    if ('unreadable' in content) {
      this.unreadable = content.unreadable
      return
    }
    this.#plain = content.plain
    if (content.access !== 'write') return
    if (content.unwritable) {
      this.unwritable = content.unwritable
      return
    }
    this.writer = new LuksWriter(content.plain, virtualSize)
    this.resizer = new LuksResizer(storage, content.plain, volume)
  }

  async describe(): Promise<Details> {
    return { encrypted: true, specific: this.#volume.details }
  }

  async map(offset: number, length: number): Promise<readonly Extent[]> {
    if (!this.#plain)
      throw SpindleError.fromData(this.unreadable ?? { code: 'internal', message: 'a volume without data' })
    return [{ kind: 'data', length, storage: this.#plain, offset }]
  }

  async close(): Promise<void> {
    await this.storage.close()
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close()
  }
}

class LuksWriter implements LayerWriter {
  readonly #plain: Storage
  readonly #size: number

  constructor(plain: Storage, size: number) {
    this.#plain = plain
    this.#size = size
  }

  async reserve(offset: number, length: number): Promise<Room> {
    const inside = Math.min(length, this.#size - offset)
    return { start: offset, length: inside, storage: this.#plain, offset, linked: true, link: async () => {} }
  }

  /** Only what is written reads as zeros: it was encrypted like all else. */
  async zero(offset: number, length: number): Promise<number> {
    await this.#plain.zero(offset, length)
    return length
  }

  /** Which sectors are in use is nobody’s business: nothing is given back. */
  async discard(_offset: number, length: number): Promise<number> {
    return length
  }

  async flush(): Promise<void> {
    await this.#plain.flush()
  }
}
