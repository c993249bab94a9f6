// Malformed VMDK images: every header field and every kind of descriptor is opened rightly or refused in plain words.

import { describe, expect, test } from 'vitest'
import { vmdkDriver } from '../../core/formats/vmdk/driver.ts'
import { SPARSE_HEADER } from '../../core/formats/vmdk/layout.ts'
import type { SparseHeader } from '../../core/formats/vmdk/layout.ts'
import { drivers } from '../../core/formats/index.ts'
import { openDisk } from '../../core/image/chain.ts'
import { SpindleError } from '../../core/model/error.ts'
import { MemoryStorage } from '../../core/storage/memory.ts'
import { MemoryFolder } from '../helpers/memory-gate.ts'
import { randomFrom, seeds } from '../helpers/seeds.ts'
import { GRAIN, entryOffset, setHeader, vmdkOf, write32 } from '../helpers/vmdk-bytes.ts'

const WRONG: readonly (readonly [string, Partial<SparseHeader>, string])[] = [
  ['version 0', { version: 0 }, 'unsupported'],
  ['version 4', { version: 4 }, 'unsupported'],
  ['grains of 3 sectors', { grain_size: 3n }, 'invalid-image'],
  ['grains of 0 sectors', { grain_size: 0n }, 'invalid-image'],
  ['grains of 4 sectors', { grain_size: 4n }, 'invalid-image'],
  ['grains of 2^64 - 1 sectors', { grain_size: 2n ** 64n - 1n }, 'invalid-image'],
  ['no entries in a table', { entries_per_table: 0 }, 'invalid-image'],
  ['2^32 - 1 entries in a table', { entries_per_table: 2 ** 32 - 1 }, 'invalid-image'],
  ['a disk of 2^63 sectors', { capacity: 2n ** 63n }, 'invalid-image'],
  ['a disk of 2^40 sectors', { capacity: 2n ** 40n }, 'invalid-image'],
  ['tables longer than the file', { overhead: 2n ** 30n }, 'invalid-image'],
  ['a descriptor past the end', { descriptor_offset: 2 ** 30 }, 'invalid-image'],
  ['a descriptor of 2^30 sectors', { descriptor_size: 2 ** 30 }, 'invalid-image'],
  ['no descriptor', { descriptor_offset: 0, descriptor_size: 0 }, 'unsupported'],
  ['a directory past the end', { directory: 2n ** 40n }, 'invalid-image'],
  ['a directory in the header', { directory: 0n }, 'invalid-image'],
  ['a second directory past the end', { redundant_directory: 2n ** 40n }, 'invalid-image'],
  ['a directory told by a footer there is none of', { directory: 2n ** 64n - 1n }, 'invalid-image'],
  ['line ends changed as in a text', { newlines: new Uint8Array([0x0a, 0x20, 0x0a, 0x0a]) }, 'invalid-image'],
  ['compression 9', { compression: 9 }, 'unsupported'],
  ['packed grains without compression', { flags: 0x1_0003 }, 'unsupported'],
]

test.for(WRONG)('%s: refused in a sentence', async ([, values, code]) => {
  const folder = await vmdkOf('ab.d')
  await setHeader(folder.file('disk.vmdk'), values)
  const error = await failureOf(folder)
  expect(error).toMatchObject({ code })
  expect(error?.message.length).toBeLessThan(320)
})

test.for([1, 3, 78, 300, 511, 512, 2000, 30_000])('a file cut off after %i bytes is refused', async (size) => {
  const folder = await vmdkOf('ab.d')
  await folder.file('disk.vmdk').truncate(size)
  await expect(openFrom(folder)).rejects.toBeInstanceOf(SpindleError)
})

describe.each(['monolithicSparse', 'streamOptimized'])('%s', (subformat) => {
  const names = Object.keys(SPARSE_HEADER.fields).filter((name) => name !== 'magic' && name !== 'newlines')
  describe.each(names)('with a wrong %s', (name) => {
    const field = SPARSE_HEADER.fields[name as keyof SparseHeader]
    const values = [0n, 1n, 2n, 7n, 127n, 129n, 2n ** 16n, 2n ** 31n - 1n, 2n ** 31n, 2n ** 32n - 1n]
    const large = [2n ** 44n, 2n ** 53n, 2n ** 63n - 1n, 2n ** 63n, 2n ** 64n - 1n]
    test.each([...values, ...large].filter((value) => value < 2n ** BigInt(field.size * 8)))('%i', async (value) => {
      const folder = await vmdkOf('ab.d', { subformat })
      const bytes = new DataView(new ArrayBuffer(8))
      bytes.setBigUint64(0, value, true)
      await folder.file('disk.vmdk').write(field.offset, new Uint8Array(bytes.buffer, 0, field.size))
      expect(await survives(folder)).toBeUndefined()
    })
  })

  test.for(seeds())('with bits flipped at random in headers and tables it survives (seed %i)', async (seed) => {
    const random = randomFrom(seed)
    for (let round = 0; round < 60; round += 1) {
      const folder = await vmdkOf('ab.d..e', { subformat })
      const storage = folder.file('disk.vmdk')
      const size = await storage.size()
      for (let count = 1 + random.below(4); count > 0; count -= 1) {
        const at = random.pick([random.below(80), random.below(1024), random.below(GRAIN), random.below(size)])
        const byte = new Uint8Array(1)
        await storage.read(at, byte)
        await storage.write(at, Uint8Array.of((byte[0] ?? 0) ^ (1 << random.below(8))))
      }
      expect(await survives(folder), `round ${round}`).toBeUndefined()
    }
  })
})

describe('a descriptor', () => {
  const head = '# Disk DescriptorFile\nversion=1\nCID=12345678\nparentCID=ffffffff\n'
  const flat = (line: string, type = 'monolithicFlat') => `${head}createType="${type}"\n${line}\n`

  const REFUSED: readonly (readonly [string, string, string])[] = [
    ['without a kind', `${head}RW 8 FLAT "data" 0\n`, 'invalid-image'],
    ['of a kind nobody knows', flat('RW 8 FLAT "data" 0', 'custom'), 'unsupported'],
    ['of a host device', flat('RW 8 FLAT "/dev/sda" 0', 'fullDevice'), 'invalid-image'],
    ['without parts', flat(''), 'invalid-image'],
    ['with a part by absolute name', flat('RW 8 FLAT "/etc/passwd" 0'), 'invalid-image'],
    ['with a part in the folder above', flat('RW 8 FLAT "../data" 0'), 'invalid-image'],
    ['with a part in a folder below', flat('RW 8 FLAT "sub/data" 0'), 'invalid-image'],
    ['with a part by a Windows path', flat('RW 8 FLAT "C:\\data" 0'), 'invalid-image'],
    ['with a part called ..', flat('RW 8 FLAT ".." 0'), 'invalid-image'],
    ['with a part without a name', flat('RW 8 FLAT "" 0'), 'invalid-image'],
    ['with a part that is itself', flat('RW 8 FLAT "disk.vmdk" 0'), 'invalid-image'],
    ['with a sparse part that is itself', flat('RW 8 SPARSE "disk.vmdk"'), 'invalid-image'],
    ['with a flat part without an offset', flat('RW 8 FLAT "data"'), 'invalid-image'],
    ['with a part of negative size', flat('RW -8 FLAT "data" 0'), 'invalid-image'],
    ['with a part of 2^63 sectors', flat('RW 9223372036854775808 FLAT "data" 0'), 'invalid-image'],
    ['with a negative offset', flat('RW 8 FLAT "data" -8'), 'invalid-image'],
    ['with a part of a kind nobody knows', flat('RW 8 CLOUD "data" 0'), 'unsupported'],
    ['with a sparse part that is none', flat('RW 8 SPARSE "data"'), 'invalid-image'],
    ['with more parts than a disk has', flat('RW 8 FLAT "data" 0\n'.repeat(20_000)), 'unsupported'],
    ['larger than any', flat(`RW 8 FLAT "data" 0\n${'#'.repeat(2 ** 20)}`), 'invalid-image'],
    ['of parts larger than any disk', flat('RW 17592186044415 FLAT "data" 0\n'.repeat(3)), 'invalid-image'],
  ]

  test.for(REFUSED)(
    '%s is refused in a sentence, and no file is opened that it must not reach',
    async ([, text, code]) => {
      const opened: string[] = []
      const folder = described(text, opened)
      const error = await failureOf(folder)
      expect(error).toMatchObject({ code })
      expect(error?.message.length).toBeLessThan(320)
      expect(opened.every((name) => name === 'data' || name === 'disk.vmdk')).toBe(true)
    },
  )

  test.for(['json:{"driver":"file"}', 'nbd:host', 'file:data'])(
    '“%s” is the name of a file, and nothing else',
    async (name) => {
      const opened: string[] = []
      const quoted = name.replaceAll('"', "'")
      const folder = described(flat(`RW 8 FLAT "${quoted}" 0`), opened)
      await expect(openFrom(folder)).rejects.toMatchObject({ code: 'missing-file' })
      expect(opened).toEqual(['disk.vmdk', `./${quoted}`])
    },
  )

  test('of which a part is missing can still be described', async () => {
    const folder = described(flat('RW 8 FLAT "gone" 0'))
    await using layer = await vmdkDriver.open(folder.file('disk.vmdk'), folder, 'read')
    expect(layer.unreadable).toMatchObject({ code: 'missing-file' })
    expect(layer.virtualSize).toBe(4096)
    expect((await layer.describe()).specific).toMatchObject({ 'create-type': 'monolithicFlat' })
  })

  test('whose part is shorter than it says reads up to there', async () => {
    const folder = described(flat('RW 16 FLAT "data" 0'))
    await using disk = await openFrom(folder)
    await disk.read(0, new Uint8Array(4096))
    await expect(disk.read(4096, new Uint8Array(512))).rejects.toMatchObject({ code: 'invalid-image' })
    const checker = await vmdkDriver.checker?.(folder.file('disk.vmdk'), folder)
    expect((await checker?.check())?.findings).toMatchObject([{ code: 'flat-short', kind: 'error' }])
  })

  test.for(seeds())('with bytes changed at random survives (seed %i)', async (seed) => {
    const random = randomFrom(seed)
    for (let round = 0; round < 200; round += 1) {
      const bytes = Buffer.from(flat('RW 4 FLAT "data" 0\nRW 4 FLAT "data" 4\nRW 8 ZERO', 'vmfs'))
      for (let count = 1 + random.below(4); count > 0; count -= 1) bytes[random.below(bytes.length)] = random.below(256)
      const folder = described(bytes.toString('latin1'))
      expect(await survives(folder), `round ${round}`).toBeUndefined()
    }
  })
})

test('a grain past the end of the file is an error where it is, and nowhere else', async () => {
  const folder = await vmdkOf('ab.d')
  const storage = folder.file('disk.vmdk')
  for (const copy of ['first', 'second'] as const)
    await write32(storage, await entryOffset(storage, 1, copy), 0x7fff_ffff)
  await using disk = await openFrom(folder)
  await disk.read(0, new Uint8Array(GRAIN))
  await disk.read(3 * GRAIN, new Uint8Array(GRAIN))
  await expect(disk.read(GRAIN, new Uint8Array(512))).rejects.toMatchObject({ code: 'invalid-image' })
})

describe('a packed grain', () => {
  const DAMAGE: readonly (readonly [string, (storage: MemoryStorage) => Promise<void>])[] = [
    ['that says it belongs elsewhere', (storage) => write32(storage, GRAIN, 999)],
    ['of 2^32 - 1 bytes', (storage) => write32(storage, GRAIN + 8, 2 ** 32 - 1)],
    ['of no bytes', (storage) => write32(storage, GRAIN + 8, 0)],
    ['whose stream is damaged', (storage) => storage.write(GRAIN + 12, new Uint8Array(20).fill(0xff))],
  ]
  test.for(DAMAGE)('%s is an error where it is, and nowhere else', async ([, damage]) => {
    const folder = await vmdkOf('ab.d', { subformat: 'streamOptimized' })
    await damage(folder.file('disk.vmdk'))
    await using disk = await openFrom(folder)
    await expect(disk.read(0, new Uint8Array(512))).rejects.toMatchObject({ code: 'invalid-image' })
    const bytes = new Uint8Array(GRAIN)
    await disk.read(GRAIN, bytes)
    expect(bytes.every((byte) => byte === 'b'.charCodeAt(0))).toBe(true)
  })
})

function described(text: string, opened?: string[]): MemoryFolder {
  const folder = opened ? new (watching(opened))() : new MemoryFolder()
  folder.add('disk.vmdk', Buffer.from(text, 'latin1'))
  folder.add('data', new Uint8Array(4096).fill(1))
  return folder
}

function watching(opened: string[]): typeof MemoryFolder {
  return class extends MemoryFolder {
    override async open(...[reference, from, access]: Parameters<MemoryFolder['open']>) {
      opened.push(reference)
      return super.open(reference, from, access)
    }
  }
}

async function openFrom(folder: MemoryFolder, access: 'read' | 'write' = 'read') {
  const disk = await openDisk(await folder.open('disk.vmdk', folder.file('disk.vmdk'), access), {
    drivers,
    gate: folder,
    format: 'vmdk',
    access,
  })
  if (disk.top.unreadable) throw SpindleError.fromData(disk.top.unreadable)
  return disk
}

async function failureOf(folder: MemoryFolder): Promise<SpindleError | undefined> {
  try {
    await using disk = await openFrom(folder)
    await disk.read(0, new Uint8Array(512))
    return undefined
  } catch (error) {
    if (error instanceof SpindleError) return error
    throw error
  }
}

/** Opens, reads, checks and writes it; what is not a plain sentence of ours, in words. */
async function survives(folder: MemoryFolder): Promise<string | undefined> {
  const steps: readonly (() => Promise<unknown>)[] = [
    async () => {
      await using disk = await openFrom(folder)
      await disk.top.describe()
      for (const at of [0, GRAIN - 512, 3 * GRAIN, disk.size - 512]) {
        const offset = Math.max(0, Math.min(at, disk.size - 1024))
        await disk.read(offset, new Uint8Array(Math.min(1024, disk.size)))
      }
    },
    async () => (await vmdkDriver.checker?.(folder.file('disk.vmdk'), folder))?.check(),
    async () => (await vmdkDriver.checker?.(folder.file('disk.vmdk'), folder))?.repair('all'),
    async () => {
      await using disk = await openFrom(folder, 'write')
      if (disk.size >= 4 * GRAIN) await disk.write(2 * GRAIN, new Uint8Array(GRAIN).fill(1))
      await disk.flush()
    },
  ]
  for (const step of steps) {
    try {
      await step()
    } catch (error) {
      if (!(error instanceof SpindleError) || error.code === 'internal') return String(error)
      if (error.message.length > 500) return `too long: ${error.message}`
    }
  }
  return undefined
}
