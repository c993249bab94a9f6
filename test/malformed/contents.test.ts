// What a guest wrote is never trusted: tables and superblocks that lie are answered soon and in plain words.

import { describe, expect, test } from 'vitest'
import { readContents } from '../../core/contents/read-contents.ts'
import type { DiskContents } from '../../core/model/contents.ts'
import { GiB, MiB } from '../../core/model/units.ts'
import { gptBytes } from '../helpers/gpt-bytes.ts'
import type { GptPlan } from '../helpers/gpt-bytes.ts'
import { randomFrom, seeds } from '../helpers/seeds.ts'

interface Written {
  readonly at: number
  readonly bytes: Uint8Array
}

/** A disk of zeros but for these; it counts what is read of it. */
class SparseDisk {
  readonly size: number
  readonly #written: readonly Written[]
  bytesRead = 0

  constructor(size: number, ...written: readonly Written[]) {
    this.size = size
    this.#written = written
  }

  async read(offset: number, into: Uint8Array): Promise<void> {
    if (offset < 0 || offset + into.length > this.size) throw new RangeError(`${offset} + ${into.length}`)
    this.bytesRead += into.length
    into.fill(0)
    for (const { at, bytes } of this.#written) {
      const from = Math.max(at, offset)
      const to = Math.min(at + bytes.length, offset + into.length)
      if (from < to) into.set(bytes.subarray(from - at, to - at), from - offset)
    }
  }
}

async function contentsOf(disk: SparseDisk): Promise<DiskContents> {
  return readContents(disk, () => undefined)
}

function gptDisk(plan: Partial<GptPlan> & { readonly size?: number }): SparseDisk {
  const { size = 64 * MiB, ...rest } = plan
  const whole: GptPlan = { diskSize: size, sectorSize: 512, partitions: [[2048, 4095]], ...rest }
  const { head, tail } = gptBytes(whole)
  return new SparseDisk(size, { at: 0, bytes: head }, { at: whole.diskSize - tail.length, bytes: tail })
}

interface MbrEntry {
  readonly type: number
  readonly start: number
  readonly count: number
}

function mbrSector(entries: readonly MbrEntry[]): Uint8Array {
  const sector = Buffer.alloc(512)
  for (const [index, { type, start, count }] of entries.entries()) {
    sector[446 + 16 * index + 4] = type
    sector.writeUInt32LE(start, 446 + 16 * index + 8)
    sector.writeUInt32LE(count, 446 + 16 * index + 12)
  }
  sector[510] = 0x55
  sector[511] = 0xaa
  return sector
}

describe('a GPT', () => {
  test.each([
    ['claims four thousand million entries', 80, 0xff_ff_ff_ff],
    ['has entries of four thousand million bytes', 84, 0xff_ff_ff_ff],
    ['has entries of no size', 84, 0],
    ['has no entries at all', 80, 0],
  ])('that %s is called damaged, and nothing of that size is read', async (_, at, value) => {
    const disk = gptDisk({ header: (view) => view.setUint32(at, value, true) })
    const found = await contentsOf(disk)
    expect(found).toMatchObject({ scheme: 'gpt', partitions: [], gpt: { primary: 'damaged', backup: 'damaged' } })
    expect(found.smallestSize).toBeUndefined()
    expect(disk.bytesRead).toBeLessThan(MiB)
  })

  test('whose partitions overlap and lie beyond the end is shown with what is wrong', async () => {
    const found = await contentsOf(
      gptDisk({
        partitions: [
          [2048, 8191],
          [4096, 9999],
          [100_000, 200_000],
          [2 ** 40, 2 ** 41],
          [20_000, 10_000],
        ],
      }),
    )
    expect(found.partitions).toHaveLength(4)
    expect(found.smallestSize).toBe(64 * MiB)
    expect(found.problems).toEqual([
      expect.stringMatching(/^Partition 3 ends .* beyond the end of the disk\.$/),
      expect.stringMatching(/^Partition 4 lies wholly beyond the end/),
      'Partitions 1 and 2 overlap: one may destroy what the other holds.',
    ])
  })

  test('with 128 partitions all in the same place has a few sentences, not hundreds', async () => {
    const found = await contentsOf(gptDisk({ partitions: Array.from({ length: 128 }, () => [2048, 4095] as const) }))
    expect(found.partitions).toHaveLength(128)
    expect(found.problems.length).toBeLessThan(12)
  })

  test('of an older, larger disk is not taken for the table when an MBR has partitions of its own', async () => {
    const { head } = gptBytes({ diskSize: 64 * MiB, sectorSize: 512, partitions: [[2048, 4095]] })
    head.set(mbrSector([{ type: 0x83, start: 4096, count: 4096 }]))
    const found = await contentsOf(new SparseDisk(64 * MiB, { at: 0, bytes: head }))
    expect(found).toMatchObject({ scheme: 'mbr', partitions: [{ offset: 2 * MiB }] })
    expect(found.problems).toEqual([expect.stringContaining('An older GPT')])
  })
})

describe('an MBR', () => {
  const extended = { type: 5, start: 2048, count: 60_000 }

  test('whose logical partitions run in a circle ends', async () => {
    const record = mbrSector([
      { type: 0x83, start: 64, count: 128 },
      { type: 5, start: 0, count: 100 },
    ])
    const disk = new SparseDisk(64 * MiB, { at: 0, bytes: mbrSector([extended]) }, { at: MiB, bytes: record })
    const found = await contentsOf(disk)
    expect(found.partitions).toHaveLength(2)
    expect(found.problems).toEqual([expect.stringContaining('runs in a circle')])
    expect(found.smallestSize).toBeUndefined()
  })

  test('with an endless chain of logical partitions is read so far and no further', async () => {
    const records = Array.from({ length: 400 }, (_, index) => ({
      at: MiB + index * 4096,
      bytes: mbrSector([
        { type: 0x83, start: 1, count: 4 },
        { type: 5, start: (index + 1) * 8, count: 8 },
      ]),
    }))
    const disk = new SparseDisk(64 * MiB, { at: 0, bytes: mbrSector([extended]) }, ...records)
    const found = await contentsOf(disk)
    expect(found.partitions).toHaveLength(257)
    expect(found.problems).toEqual([expect.stringContaining('more than 256 logical partitions')])
  })

  test('whose chain leads beyond the end of the disk says so', async () => {
    const found = await contentsOf(
      new SparseDisk(64 * MiB, { at: 0, bytes: mbrSector([{ type: 15, start: 4_000_000_000, count: 9 }]) }),
    )
    expect(found.problems[0]).toContain('goes on at 1.86 TiB')
  })

  test('that holds code where its entries would be is none', async () => {
    const sector = new Uint8Array(512).fill(0x90)
    sector.set([0x55, 0xaa], 510)
    expect(await contentsOf(new SparseDisk(MiB, { at: 0, bytes: sector }))).toMatchObject({ scheme: 'none' })
  })
})

describe('superblocks', () => {
  /** A signature with all else as large as can be. */
  const SIGNATURES: readonly (readonly [string, number, string | readonly number[]])[] = [
    ['ext', 1024 + 0x38, [0x53, 0xef]],
    ['XFS', 0, 'XFSB'],
    ['Btrfs', 65_536 + 0x40, '_BHRfS_M'],
    ['NTFS', 3, 'NTFS    '],
    ['exFAT', 3, 'EXFAT   '],
    ['LUKS', 0, [0x4c, 0x55, 0x4b, 0x53, 0xba, 0xbe, 0, 2]],
    ['LVM', 0, 'LABELONE'],
    ['swap', 4086, 'SWAPSPACE2'],
    ['F2FS', 1024, [0x10, 0x20, 0xf5, 0xf2]],
    ['SquashFS', 0, 'hsqs'],
    ['ISO 9660', 32_768, '\u0001CD001'],
    ['APFS', 32, 'NXSB'],
    ['HFS+', 1024, 'H+\0\u0004'],
    ['ReFS', 3, 'ReFS\0'],
    ['ZFS', 16_384, [1, 1, 0, 0]],
    ['FAT', 0, [0xeb, 0x3c, 0x90]],
  ]

  test.each(SIGNATURES)(
    '%s with nonsense behind its signature reads little and breaks nothing',
    async (_, at, what) => {
      const signature = typeof what === 'string' ? Buffer.from(what, 'latin1') : Uint8Array.from(what)
      for (const fill of [0xff, 0x7f, 0x01, 0x80]) {
        const bytes = new Uint8Array(72 * 1024).fill(fill)
        bytes.set(signature, at)
        bytes.set([0x55, 0xaa], 510)
        const disk = new SparseDisk(8 * GiB, { at: 0, bytes })
        const found = await contentsOf(disk)
        const { size = 0, used = 0 } = found.fileSystem ?? {}
        expect(Number.isSafeInteger(size)).toBe(true)
        expect(used).toBeLessThanOrEqual(size)
        expect(disk.bytesRead).toBeLessThan(40 * MiB)
      }
    },
  )

  test('a file system larger than its disk is said to be cut off', async () => {
    const bytes = new Uint8Array(4096)
    bytes.set(Buffer.from('hsqs'))
    new DataView(bytes.buffer).setBigUint64(40, BigInt(GiB), true)
    const found = await contentsOf(new SparseDisk(64 * MiB, { at: 0, bytes }))
    expect(found.problems).toEqual([expect.stringContaining('its end is cut off')])
    expect(found.smallestSize).toBe(64 * MiB)
  })

  test.each(seeds())('random bytes over real structures are always answered (seed %i)', async (seed) => {
    const random = randomFrom(seed)
    for (let round = 0; round < 400; round += 1) {
      const [, at, what] = random.pick(SIGNATURES)
      const bytes = new Uint8Array(72 * 1024)
      for (let count = random.below(6); count > 0; count -= 1) {
        bytes.set(random.bytes(256), random.below(bytes.length - 256))
      }
      bytes.set(random.bytes(512), 1024 * random.below(2))
      bytes.set(typeof what === 'string' ? Buffer.from(what, 'latin1') : Uint8Array.from(what), at)
      if (random.happens(0.5)) bytes.set([0x55, 0xaa], 510)
      const size = random.pick([0, 512, 4096, 70_000, 64 * MiB, 2 ** 50])
      const found = await contentsOf(new SparseDisk(size, { at: 0, bytes }))
      expect(found.diskSize).toBe(size)
      expect(found.smallestSize ?? 0).toBeLessThanOrEqual(size)
    }
  })
})
