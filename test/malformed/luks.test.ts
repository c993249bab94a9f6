// Damaged LUKS headers: a plain sentence or a correct open, never a hang, a crash, or other bytes than were written.

import { createHash } from 'node:crypto'
import { readFileSync, truncateSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { beforeAll, describe, expect, test } from 'vitest'
import type { Secrets } from '../../core/crypto/secrets.ts'
import { openDisk } from '../../core/image/chain.ts'
import { drivers } from '../../core/formats/index.ts'
import { SpindleError } from '../../core/model/error.ts'
import { KiB, MiB } from '../../core/model/units.ts'
import { MemoryStorage } from '../../core/storage/memory.ts'
import { CryptTools } from '../helpers/crypt-tools.ts'
import { SECRET_ID, testKeyring } from '../helpers/keyring.ts'
import { MemoryFolder } from '../helpers/memory-gate.ts'
import { sharedFolder } from '../helpers/scratch.ts'
import { randomFrom, seeds } from '../helpers/seeds.ts'

const SIZE = 64 * KiB
const CONTENT = randomFrom(5).bytes(SIZE)
const QUICK = {
  'key-secret': SECRET_ID,
  'iter-time': 1,
  'cipher-alg': 'aes-128',
  'cipher-mode': 'cbc',
  'hash-alg': 'sha512',
}

let whole: Uint8Array
const folder = sharedFolder()

beforeAll(async () => {
  const folder = new MemoryFolder()
  folder.secrets = testKeyring()
  const driver = drivers.find(({ format }) => format === 'luks')
  const storage = folder.add('disk')
  const builder = await driver?.build(storage, { virtualSize: SIZE, options: QUICK }, folder)
  await builder?.storage.write(builder.place(0, SIZE), CONTENT)
  await builder?.finish()
  whole = await storage.bytes()
})

/** What comes of opening it: the right bytes, or the error. Anything else fails the test. */
async function outcomeOf(bytes: Uint8Array, secrets: Secrets = testKeyring()): Promise<SpindleError | 'right'> {
  const folder = new MemoryFolder()
  folder.secrets = secrets
  try {
    await using disk = await openDisk(new MemoryStorage('disk', bytes), {
      drivers,
      gate: folder,
      format: 'luks',
      access: 'read',
    })
    // Whatever can be said of it is said without a crash.
    JSON.stringify(await disk.top.describe())
    const read = new Uint8Array(Math.min(disk.size, SIZE))
    await disk.read(0, read)
    return Buffer.compare(read, CONTENT.subarray(0, read.length)) === 0
      ? 'right'
      : new SpindleError('differs', 'it reads as something else')
  } catch (error) {
    if (!(error instanceof SpindleError) || error.code === 'internal') throw error
    return error
  }
}

function changed(change: (view: DataView) => void): Uint8Array {
  const copy = new Uint8Array(whole)
  change(new DataView(copy.buffer))
  return copy
}

/** Where the header does not say what it means by a key: nothing could notice that these are wrong. */
const CIPHER_MODE = { start: 40, end: 72 }
const PAYLOAD = { start: 104, end: 108 }

test('every byte of the header turned over in turn gives an error or the right bytes', async () => {
  const wrong: number[] = []
  for (let at = 0; at < 592; at += 1) {
    const outcome = await outcomeOf(changed((view) => view.setUint8(at, view.getUint8(at) ^ 0x20)))
    if (outcome === 'right' || outcome.code !== 'differs') continue
    if ((at >= CIPHER_MODE.start && at < CIPHER_MODE.end) || (at >= PAYLOAD.start && at < PAYLOAD.end)) continue
    wrong.push(at)
  }
  expect(wrong).toEqual([])
}, 120_000)

const FIELDS: readonly (readonly [name: string, offset: number, size: 2 | 4])[] = [
  ['version', 6, 2],
  ['payload offset', 104, 4],
  ['key bytes', 108, 4],
  ['digest iterations', 164, 4],
  ['slot 0 state', 208, 4],
  ['slot 0 iterations', 212, 4],
  ['slot 0 offset', 248, 4],
  ['slot 0 stripes', 252, 4],
  ['slot 7 state', 544, 4],
  ['slot 7 offset', 584, 4],
]

test.each(FIELDS)('%s: extreme values give a sentence or the right bytes', async (_name, offset, size) => {
  const top = 2 ** (8 * size)
  for (const value of [0, 1, 2, top / 2, top / 2 - 1, top - 1, top - 2]) {
    const outcome = await outcomeOf(
      changed((view) => (size === 2 ? view.setUint16(offset, value) : view.setUint32(offset, value))),
    )
    if (outcome === 'right') continue
    // Data may be said to begin anywhere behind the keys.
    if (outcome.code === 'differs' && offset === PAYLOAD.start) continue
    expect(outcome.code, outcome.message).toMatch(/^(invalid-image|unsupported|locked)$/)
    expect(outcome.message).toMatch(/\bdisk\b.*\.$/s)
  }
})

test('a header that asks for endless work is asked about first, and refused when nobody allows it', async () => {
  const endless = changed((view) => view.setUint32(212, 0xffff_ffff))
  const asked: number[] = []
  const keyring = testKeyring()
  const secrets: Secrets = {
    passphrase: (request) => keyring.passphrase(request),
    mayTake: async (_path, seconds) => {
      asked.push(seconds)
      return false
    },
    volumeKey: () => undefined,
    keepVolumeKey: () => {},
  }
  const outcome = await outcomeOf(endless, secrets)
  expect(outcome).toMatchObject({ code: 'locked' })
  expect(String(outcome)).toContain('more work')
  expect(asked[0]).toBeGreaterThan(600)
})

test('a file cut off anywhere in the header or the keys gives an error', async () => {
  for (const length of [0, 5, 6, 8, 100, 591, 592, 4096, 5000, 60_000]) {
    const outcome = await outcomeOf(whole.slice(0, length))
    expect(outcome, `${length} bytes`).toBeInstanceOf(SpindleError)
  }
})

function put(offset: number, text: string): Uint8Array {
  return changed((view) => new Uint8Array(view.buffer, offset, 32).fill(0).set(new TextEncoder().encode(text)))
}

test('other ciphers and hashes are named', async () => {
  expect(String(await outcomeOf(put(8, 'twofish')))).toContain('twofish-cbc-plain64')
  expect(String(await outcomeOf(put(40, 'ctr-plain64')))).toContain('ctr-plain64')
  expect(String(await outcomeOf(put(72, 'whirlpool')))).toContain('whirlpool')
})

test('a wrong passphrase and none are told apart, and neither is shown', async () => {
  const none = await outcomeOf(whole, { ...noSecrets, passphrase: async () => undefined })
  expect(String(none)).toContain('Give the passphrase')
  const wrong = await outcomeOf(whole, testKeyring('hunter2'))
  expect(String(wrong)).toContain('does not open it')
  expect(String(wrong)).not.toContain('hunter2')
})

const noSecrets: Secrets = {
  passphrase: async () => undefined,
  mayTake: async () => false,
  volumeKey: () => undefined,
  keepVolumeKey: () => {},
}

describe('version 2', () => {
  let second: Uint8Array

  beforeAll(() => {
    const image = join(folder, 'image')
    const tools = new CryptTools(folder)
    writeFileSync(image, '')
    truncateSync(image, 2 * MiB)
    const work = ['--pbkdf', 'pbkdf2', '--pbkdf-force-iterations', '1000', '--luks2-metadata-size', '16k']
    tools.cryptsetup(
      'luksFormat',
      '--type',
      'luks2',
      ...work,
      '--luks2-keyslots-size',
      '512k',
      '--offset',
      '2048',
      'image',
    )
    second = readFileSync(image)
  })

  test.for(seeds())(
    'damage anywhere in its header gives an error or an open from the other copy (seed %i)',
    async (seed) => {
      const random = randomFrom(seed)
      const outcomes: string[] = []
      for (let count = 0; count < 25; count += 1) {
        const copy = new Uint8Array(second)
        const times = 1 + random.below(3)
        for (let time = 0; time < times; time += 1) {
          const at = random.pick([random.below(512), 4096 + random.below(700), 16_384 + random.below(512)])
          copy[at] = (copy[at] ?? 0) ^ (1 << random.below(8))
        }
        const outcome = await outcomeOf(copy)
        outcomes.push(outcome === 'right' ? outcome : outcome.code)
      }
      // It holds other bytes than the test’s disk, which is what an open comes to.
      expect(outcomes.filter((one) => one !== 'differs' && one !== 'invalid-image')).toEqual([])
    },
  )

  test('what its JSON says is held against the rules', async () => {
    const cases: readonly (readonly [from: string, to: string, message: string])[] = [
      ['"type":"crypt"', '"type":"ccypt"', 'not encrypted as usual'],
      ['"stripes":4000', '"stripes":9999', 'stripes'],
      ['"iterations":1000', '"iterations":"x0"', 'iterations'],
      ['"sector_size":', '"sector_size":7', 'segments.0.sector_size must be'],
      ['"encryption":"aes-xts-plain64"', '"encryption":"aes-gcm-random1"', 'cannot be unlocked'],
      ['"keyslots":["0"]', '"keyslots":["9"]', 'none of its key slots'],
    ]
    for (const [from, to, message] of cases) {
      const copy = resealed(second, from, to)
      expect(String(await outcomeOf(copy)), to).toContain(message)
    }
  })
})

/** The same image with another text in both copies of its JSON part, and the checksums to go with it. */
function resealed(image: Uint8Array, from: string, to: string): Uint8Array {
  const copy = Buffer.from(new Uint8Array(image))
  for (const start of [0, 16_384]) {
    const header = copy.subarray(start, start + 16_384)
    const json = header.subarray(4096).toString('latin1').replaceAll('\0', '').replaceAll(from, to)
    if (!json.includes(to)) throw new Error(`there is no ${from}`)
    header.fill(0, 4096).write(json, 4096, 'latin1')
    header.fill(0, 448, 512)
    createHash('sha256').update(header).digest().copy(header, 448)
  }
  return copy
}
