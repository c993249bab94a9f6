// Sound qcow2 images with a few fields overwritten at random: whatever happens, it happens in plain words and at once.

import { deflateRawSync } from 'node:zlib'
import { expect, test } from 'vitest'
import { openDisk } from '../../core/image/chain.ts'
import { drivers } from '../../core/formats/index.ts'
import { HEADER } from '../../core/formats/qcow2/layout.ts'
import { SpindleError } from '../../core/model/error.ts'
import { MemoryStorage } from '../../core/storage/memory.ts'
import { CLUSTER, Qcow2Bytes, soundImage } from '../helpers/qcow2-bytes.ts'
import { randomFrom, seeds } from '../helpers/seeds.ts'
import type { Random } from '../helpers/seeds.ts'

const ROUNDS = 250

/** Values where arithmetic goes wrong, if it does. */
function edge(random: Random, bits: number, near: bigint): bigint {
  const max = 2n ** BigInt(bits) - 1n
  const choices = [0n, 1n, max / 4n, max / 2n, max / 2n + 1n, max - 1n, max, near + 1n, near - 1n, near * 2n]
  const single = 1n << BigInt(random.below(bits))
  return random.pick([...choices, single, near ^ single, near + BigInt(CLUSTER), BigInt(random.below(2 ** 31))]) & max
}

/** The places worth hitting: every header field, and entries of every table. */
function damage(image: Qcow2Bytes, sound: Qcow2Bytes, random: Random): string {
  if (random.happens(0.4)) {
    const name = random.pick(Object.keys(HEADER.fields).filter((one) => one !== 'magic' && one !== 'padding'))
    const field = Object.entries(HEADER.fields).find(([one]) => one === name)
    if (!field) throw new Error(name)
    const [, { offset, size }] = field
    const view = new DataView(image.bytes.buffer)
    const near = size === 8 ? view.getBigUint64(offset) : size === 4 ? BigInt(view.getUint32(offset)) : 0n
    const value = edge(random, size * 8, near)
    if (size === 8) view.setBigUint64(offset, value)
    else if (size === 4) view.setUint32(offset, Number(value))
    else view.setUint8(offset, Number(value))
    return `${name} = ${value}`
  }
  const { l1_table_offset: l1, refcount_table_offset: counts } = sound.header
  const { l2 } = sound
  const at = random.pick([l1, l2, l2 + 8, l2 + 16, counts, sound.low48(counts), 112, 120])
  const value = edge(random, 64, image.get64(at))
  image.set64(at, value)
  return `word at ${at} = ${value}`
}

test.for(seeds().flatMap((seed) => ['reading', 'writing'].map((deed) => [deed, seed] as const)))(
  '%s damaged images fails in plain words or works (seed %i)',
  async ([deed, seed]) => {
    const random = randomFrom(seed)
    const bases = [{}, { compat: '0.10' }, { extended_l2: true }, { data_file: 'data' }, { refcount_bits: 1 }]
    const sound = await Promise.all(bases.map((options) => soundImage(options)))
    for (let round = 0; round < ROUNDS; round += 1) {
      const { image: whole, folder } = random.pick(sound)
      const image = new Qcow2Bytes(whole.bytes.slice())
      if (random.happens(0.2)) {
        const stream = image.append(deflateRawSync(new Uint8Array(CLUSTER).fill(9)))
        image.set64(whole.l2 + 16, 0x4000_0000_0000_0000n | BigInt(stream))
      }
      const done = Array.from({ length: 1 + random.below(4) }, () => damage(image, whole, random)).join(', ')
      const outcome = await attempt(new MemoryStorage('disk', image.bytes), deed, folder)
      expect({ done, outcome }).toEqual({ done, outcome: expect.stringMatching(/^(works|[a-z-]+: \S.*\.)$/) as string })
    }
  },
)

type Folder = Awaited<ReturnType<typeof soundImage>>['folder']

async function attempt(file: MemoryStorage, deed: string, gate: Folder): Promise<string> {
  try {
    const access = deed === 'writing' ? 'write' : 'read'
    await using disk = await openDisk(file, { drivers, gate, access, format: 'qcow2' })
    await disk.top.describe()
    // A disk of any size may be claimed: its beginning is enough.
    const bytes = new Uint8Array(Math.min(disk.size, 4 * CLUSTER))
    if (deed === 'writing' && disk.size > 0) {
      await disk.write(0, bytes.subarray(0, Math.ceil(bytes.length / 2)))
      await disk.zero(Math.floor(bytes.length / 2), Math.floor(bytes.length / 2), true)
      await disk.flush()
    } else {
      await disk.read(0, bytes)
    }
    return 'works'
  } catch (error) {
    if (error instanceof SpindleError) return `${error.code}: ${error.message}`
    throw error
  }
}
