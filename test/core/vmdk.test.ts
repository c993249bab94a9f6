// VMDK itself: what other programs write, tables and their copies, content ids, growing, checking and repairing.

import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { vmdkDriver } from '../../core/formats/vmdk/driver.ts'
import { drivers } from '../../core/formats/index.ts'
import { openDisk } from '../../core/image/chain.ts'
import { KiB, MiB } from '../../core/model/units.ts'
import { openImage, spindleContent } from '../interop/history.ts'
import { firstDifference } from '../helpers/disk-model.ts'
import { MemoryFolder } from '../helpers/memory-gate.ts'
import { newestOracle, oracles } from '../helpers/oracles.ts'
import { Qemu } from '../helpers/qemu.ts'
import { scratchFolder } from '../helpers/scratch.ts'
import { randomFrom, seeds } from '../helpers/seeds.ts'
import { spindleHere } from '../helpers/spindle.ts'
import { GRAIN, entryOffset, headerOf, read32, setHeader, vmdkOf, write32 } from '../helpers/vmdk-bytes.ts'

async function openFrom(folder: MemoryFolder, access: 'read' | 'write') {
  const storage = await folder.open('disk.vmdk', folder.file('disk.vmdk'), access)
  return openDisk(storage, { drivers, gate: folder, format: 'vmdk', access })
}

async function checkerOf(folder: MemoryFolder) {
  const checker = await vmdkDriver.checker?.(folder.file('disk.vmdk'), folder)
  if (!checker) throw new Error('there is no checker')
  return checker
}

describe('descriptors as other programs write them', () => {
  const lines = [
    '# Disk DescriptorFile',
    'version=3',
    'encoding="windows-1252"',
    'CID=a1b2c3',
    'parentCID=ffffffff',
    'isNativeSnapshot="no"',
    'createType="vmfs"',
    '',
    '# Extent description',
    'RW 8 VMFS "Gr\xf6\xdfe-flat.vmdk"',
    'RW 8 ZERO',
    '',
    'ddb.adapterType = "lsilogic"',
    'ddb.uuid = "60 00 C2 9f"',
  ]

  test.for([
    ['Unix', '\n', ''],
    ['Windows', '\r\n', ''],
    ['blanks at both ends', ' \n\t', ''],
    ['bytes of zero behind it', '\n', '\0\0\0\0'],
  ])('%s line ends', async ([, separator, end]) => {
    const folder = new MemoryFolder()
    folder.add('disk.vmdk', Buffer.from(lines.join(separator) + separator + end, 'latin1'))
    folder.add('Größe-flat.vmdk', new Uint8Array(4096).fill(6))
    await using disk = await openFrom(folder, 'read')
    expect(disk.size).toBe(8192)
    expect(disk.top.identity).toBe('00a1b2c3')
    const bytes = new Uint8Array(8192)
    await disk.read(0, bytes)
    expect(bytes.subarray(0, 4096).every((byte) => byte === 6)).toBe(true)
    expect(bytes.subarray(4096).every((byte) => byte === 0)).toBe(true)
  })

  test('what is written changes the content id, and not one other character', async () => {
    const folder = new MemoryFolder()
    const text = lines.filter((line) => !line.includes('ZERO')).join('\r\n')
    folder.add('disk.vmdk', Buffer.from(text, 'latin1'))
    folder.add('Größe-flat.vmdk', new Uint8Array(4096).fill(6))
    {
      await using disk = await openFrom(folder, 'write')
      await disk.write(512, new Uint8Array(512))
      await disk.write(1024, new Uint8Array(512))
    }
    const after = Buffer.from(await folder.file('disk.vmdk').bytes()).toString('latin1')
    expect(after).not.toBe(text)
    expect(after.replace(/CID=[0-9a-f]{8}\r/, 'CID=a1b2c3\r')).toBe(text)
  })
})

describe('content ids', () => {
  test('change with the first write of a session, before the data does, and not without one', async () => {
    const folder = await vmdkOf('ab')
    const storage = folder.file('disk.vmdk')
    const idOf = async () => /CID=([0-9a-f]{8})/.exec(Buffer.from(await storage.bytes()).toString('latin1'))?.[1]
    const first = await idOf()
    {
      await using disk = await openFrom(folder, 'write')
      await disk.read(0, new Uint8Array(512))
    }
    expect(await idOf()).toBe(first)
    await using disk = await openFrom(folder, 'write')
    await disk.write(0, new Uint8Array(512))
    const second = await idOf()
    expect(second).not.toBe(first)
    await disk.write(512, new Uint8Array(512))
    expect(await idOf()).toBe(second)
  })

  test('a delta finds a parent that was moved beside it, by name or by what it calls itself', async () => {
    const folder = scratchFolder()
    const base = join(folder, 'base.vmdk')
    const delta = join(folder, 'delta.vmdk')
    await spindleHere('create', '-q', '-f', 'vmdk', base, '1M')
    {
      await using disk = await openImage(base, 'vmdk', 'write')
      await disk.write(0, new Uint8Array(512).fill(4))
    }
    await spindleHere('create', '-q', '-f', 'vmdk', '-b', 'base.vmdk', '-F', 'vmdk', delta)
    for (const hint of ['C:\\VMs\\base.vmdk', '/vmfs/base.vmdk', 'renamed.vmdk']) {
      const image = readFileSync(delta)
      const text = image.toString('latin1', 512, image.indexOf(0, 512))
      const changed = Buffer.from(image)
      changed.write(text.replace(/(parentFileNameHint=)"[^"]*"\n/, `$1"${hint}"\n`), 512, 'latin1')
      writeFileSync(delta, changed)
      const copy = join(folder, 'copy.raw')
      expect(await spindleHere('convert', '--force', '-O', 'raw', delta, copy)).toMatchObject({ code: 0, error: '' })
      const bytes = readFileSync(copy).subarray(0, 512)
      expect(bytes.every((byte) => byte === 4)).toBe(true)
      writeFileSync(delta, image)
    }
  })
})

describe('the image below', () => {
  test.for(seeds())(
    'takes what a delta has, is exchanged, and is given up, and QEMU sees the same (seed %i)',
    async (seed) => {
      const random = randomFrom(seed)
      const qemu = new Qemu(newestOracle(), scratchFolder(), 'vmdk')
      const path = (name: string) => join(qemu.folder, name)
      const size = 40 * MiB
      const work = async (name: string) => {
        await using disk = await openImage(path(name), 'vmdk', 'write')
        for (let count = 0; count < 12; count += 1) {
          const bytes = random.bytes(1 + random.below(100_000))
          await disk.write(random.below(size - bytes.length), bytes)
        }
      }
      await run('create', '-q', '-f', 'vmdk', path('base.vmdk'), String(size))
      await work('base.vmdk')
      await run('create', '-q', '-f', 'vmdk', '-b', 'base.vmdk', '-F', 'vmdk', path('delta.vmdk'))
      await work('delta.vmdk')
      let content = await spindleContent(path('delta.vmdk'), 'vmdk')
      const agree = async (...names: readonly string[]) => {
        for (const name of names) {
          expect(firstDifference(await spindleContent(path(name), 'vmdk'), content), name).toBeUndefined()
          expect(firstDifference(qemu.content(name), content), name).toBeUndefined()
          expect(qemu.check(name)).toMatchObject({ corruptions: 0, errors: 0 })
          expect(await spindleHere('check', path(name))).toMatchObject({ code: 0, error: '' })
        }
      }
      await run('commit', '-q', path('delta.vmdk'))
      await agree('delta.vmdk', 'base.vmdk')
      expect(readFileSync(path('delta.vmdk')).length).toBeLessThan(200_000)
      await work('delta.vmdk')
      content = await spindleContent(path('delta.vmdk'), 'vmdk')
      await run('commit', '-q', '-d', path('delta.vmdk'))
      await agree('delta.vmdk', 'base.vmdk')
      await run('create', '-q', '-f', 'vmdk', path('other.vmdk'), String(size))
      await work('other.vmdk')
      await run('rebase', '-b', 'other.vmdk', '-F', 'vmdk', path('delta.vmdk'))
      await agree('delta.vmdk')
      await run('rebase', '-b', '', path('delta.vmdk'))
      await agree('delta.vmdk')
      const unseen = await spindleHere('rebase', '-u', '-b', 'base.vmdk', '-F', 'vmdk', path('delta.vmdk'))
      expect(unseen.error).toContain('what the image below calls itself')
      await agree('delta.vmdk')
    },
  )
})

describe('growing', () => {
  test.for(seeds())('of a growing disk keeps what it held, and adds zeros (seed %i)', async (seed) => {
    const random = randomFrom(seed)
    const qemu = new Qemu(random.pick(oracles()), scratchFolder(), 'vmdk')
    const path = join(qemu.folder, 'disk.vmdk')
    const size = 512 * (1 + random.below(100_000))
    qemu.img('create', '-q', '-f', 'vmdk', 'disk.vmdk', String(size))
    const bytes = random.bytes(Math.min(size, 300 * KiB))
    {
      await using disk = await openImage(path, 'vmdk', 'write')
      await disk.write(size - bytes.length, bytes)
    }
    const before = qemu.content('disk.vmdk')
    let end = size
    for (let round = 0; round < 3; round += 1) {
      end += 512 * (1 + random.below(200_000))
      const grown = await spindleHere('resize', '-q', path, String(end))
      expect(grown).toMatchObject({ code: 0, error: '' })
      expect(qemu.check('disk.vmdk')).toMatchObject({ corruptions: 0, errors: 0 })
      expect(await spindleHere('check', path)).toMatchObject({ code: 0, error: '' })
    }
    const wanted = new Uint8Array(end)
    wanted.set(before)
    expect(firstDifference(qemu.content('disk.vmdk'), wanted)).toBeUndefined()
    qemu.io('disk.vmdk', [`write -P 9 ${end - 512} 512`])
    wanted.fill(9, end - 512)
    expect(firstDifference(await spindleContent(path, 'vmdk'), wanted)).toBeUndefined()
  })

  test('can be taken back, in all files', async () => {
    const folder = scratchFolder()
    const path = join(folder, 'disk.vmdk')
    await spindleHere('create', '-q', '-f', 'vmdk', '-o', 'subformat=monolithicFlat', path, '1M')
    const before = readFileSync(path)
    expect(await spindleHere('resize', '-q', '--keep-undo', path, '2M')).toMatchObject({ code: 0 })
    expect(readFileSync(join(folder, 'disk-flat.vmdk')).length).toBe(2 * MiB)
    expect(await spindleHere('undo', path)).toMatchObject({ code: 0 })
    expect(readFileSync(path).equals(before)).toBe(true)
    expect(readFileSync(join(folder, 'disk-flat.vmdk')).length).toBe(MiB)
  })

  test('is refused in words where it cannot be', async () => {
    const path = join(scratchFolder(), 'disk.vmdk')
    for (const [subformat, size, words] of [
      ['streamOptimized', '2M', 'packed for transport'],
      ['twoGbMaxExtentSparse', '3G', 'pieces of 2 GiB'],
      ['monolithicFlat', '512', 'but not shrink'],
    ] as const) {
      await spindleHere('create', '-q', '-f', 'vmdk', '--force', '-o', `subformat=${subformat}`, path, '1M')
      const before = readFileSync(path)
      const { code, error } = await spindleHere('resize', '--shrink', path, size)
      expect(code, subformat).toBe(1)
      expect(error).toContain(words)
      expect(readFileSync(path).equals(before)).toBe(true)
    }
  })
})

describe('tables', () => {
  test('are kept twice, and both say the same after writing', async () => {
    const folder = await vmdkOf('a...'.repeat(200))
    const storage = folder.file('disk.vmdk')
    {
      await using disk = await openFrom(folder, 'write')
      for (const grain of [1, 2, 600, 799]) await disk.write(grain * GRAIN + 5, new Uint8Array(9).fill(1))
    }
    const entries = await Promise.all(
      Array.from({ length: 800 }, async (_, grain) => [
        await read32(storage, await entryOffset(storage, grain, 'first')),
        await read32(storage, await entryOffset(storage, grain, 'second')),
      ]),
    )
    expect(entries.filter(([first, second]) => first !== second)).toEqual([])
    expect(entries.filter(([first]) => first !== 0).length).toBe(203)
  })

  test('that lag behind are brought up to date', async () => {
    const folder = await vmdkOf('ab.d')
    const storage = folder.file('disk.vmdk')
    await write32(storage, await entryOffset(storage, 1, 'second'), 0)
    const { findings, totals } = await (await checkerOf(folder)).check()
    expect(findings).toMatchObject([{ kind: 'note', code: 'copies-differ' }])
    expect(totals.corruptions).toBe(0)
    const { after, repaired } = await (await checkerOf(folder)).repair('all')
    expect(after.findings).toEqual([])
    expect(repaired.length).toBe(1)
    expect(await read32(storage, await entryOffset(storage, 1, 'second'))).toBeGreaterThan(0)
  })

  test('that are damaged are restored from their copies, with all data', async () => {
    const folder = await vmdkOf('ab.d')
    const storage = folder.file('disk.vmdk')
    await write32(storage, await entryOffset(storage, 1, 'first'), 0x7fff_ffff)
    const { findings } = await (await checkerOf(folder)).check()
    expect(findings.map(({ code }) => code)).toEqual(['grain-past-end', 'copies-differ'])
    const { after, corruptionsFixed } = await (await checkerOf(folder)).repair('all')
    expect(after.findings).toEqual([])
    expect(corruptionsFixed).toBe(1)
    expect(await letters(folder)).toBe('ab.d')
  })

  test('that lead two grains to one place, or into tables, are told of and left alone', async () => {
    const folder = await vmdkOf('ab.d')
    const storage = folder.file('disk.vmdk')
    const place = await read32(storage, await entryOffset(storage, 0, 'first'))
    for (const copy of ['first', 'second'] as const) {
      await write32(storage, await entryOffset(storage, 1, copy), place + 8)
      await write32(storage, await entryOffset(storage, 3, copy), 22)
    }
    const before = await storage.bytes()
    const { after } = await (await checkerOf(folder)).repair('all')
    expect(after.findings.map(({ code }) => code).toSorted()).toEqual(['grain-in-tables', 'grains-overlap'])
    expect(firstDifference(await storage.bytes(), before)).toBeUndefined()
    await using disk = await openFrom(folder, 'write')
    await expect(disk.write(2 * GRAIN, new Uint8Array(512))).rejects.toMatchObject({ code: 'invalid-image' })
  })

  test('the mark of a crash is told of, and taken away', async () => {
    const folder = await vmdkOf('ab.d')
    await setHeader(folder.file('disk.vmdk'), { unclean_shutdown: 1 })
    const checker = await checkerOf(folder)
    expect((await checker.check()).findings).toMatchObject([{ kind: 'note', code: 'unclean-shutdown' }])
    expect((await checker.repair('all')).after.findings).toEqual([])
    expect((await headerOf(folder.file('disk.vmdk'))).unclean_shutdown).toBe(0)
  })
})

describe('sizes foretold', () => {
  test.for(['monolithicSparse', 'twoGbMaxExtentSparse', 'monolithicFlat'])(
    'of %s are those of the files',
    async (subformat) => {
      const folder = await vmdkOf('ab.d....'.repeat(40), { subformat })
      const spec = { virtualSize: 320 * GRAIN, options: { subformat } }
      const sizes = await Promise.all([...folder.files.values()].map((file) => file.size()))
      const data = subformat === 'monolithicFlat' ? 320 : 120
      expect(vmdkDriver.measure(spec, data * GRAIN).required).toBe(sizes.reduce((sum, size) => sum + size, 0))
    },
  )
})

describe('options', () => {
  test.for([
    [['compat6=on,hwversion=7'], 'exclude each other'],
    [['subformat=monolithicFlat,zeroed_grain=on'], 'zeroed_grain is for disks that grow'],
    [['subformat=monolithicFlat', '-b', 'x.vmdk', '-F', 'vmdk', '-u'], 'cannot have a backing file'],
    [['hwversion=seven'], 'must be a number'],
    [['subformat=monolithicSparse', '-b', 'x.qcow2', '-F', 'qcow2', '-u'], 'only lie on another VMDK'],
  ] as const)('%s are refused in words', async ([words, sentence]) => {
    const path = join(scratchFolder(), 'disk.vmdk')
    const { code, error } = await spindleHere('create', '-f', 'vmdk', '-o', ...words, path, '1M')
    expect(code).toBe(1)
    expect(error).toContain(sentence)
  })

  test('only what is made for transport can be packed', async () => {
    const folder = scratchFolder()
    writeFileSync(join(folder, 'disk.raw'), new Uint8Array(MiB).fill(1))
    const { code, error } = await spindleHere(
      'convert',
      '-c',
      '-O',
      'vmdk',
      join(folder, 'disk.raw'),
      join(folder, 'disk.vmdk'),
    )
    expect(code).toBe(1)
    expect(error).toContain('only streamOptimized is packed')
  })

  test('are what QEMU sees', async () => {
    const qemu = new Qemu(newestOracle(), scratchFolder(), 'vmdk')
    const options = 'adapter_type=buslogic,hwversion=11,toolsversion=12345,zeroed_grain=on'
    await spindleHere('create', '-q', '-f', 'vmdk', '-o', options, join(qemu.folder, 'ours.vmdk'), '9G')
    qemu.img('create', '-q', '-f', 'vmdk', '-o', options, 'theirs.vmdk', '9G')
    const text = (name: string) =>
      readFileSync(join(qemu.folder, name), 'latin1')
        .replace(/\bCID=\w+/, '')
        .replace(name, '')
    expect(
      text('ours.vmdk')
        .slice(0, 21 * 512)
        .replaceAll('\0', ''),
    ).toBe(
      text('theirs.vmdk')
        .slice(0, 21 * 512)
        .replaceAll('\0', ''),
    )
  })
})

describe('disks of ESX servers', () => {
  test('a COWD delta is read as QEMU reads it, and not written', async () => {
    const qemu = new Qemu(newestOracle(), scratchFolder(), 'vmdk')
    const capacity = 5 * MiB
    const bytes = Buffer.alloc(16 * 512 + 4 * 4096 * 2 + MiB)
    const words = [0x44574f43, 1, 3, capacity / 512, 1, 4, Math.ceil(capacity / (4096 * 512)), 0]
    for (const [index, word] of words.entries()) bytes.writeUInt32LE(word, index * 4)
    // The first table is there, the second is not, the third is.
    for (const [index, table] of [8, 0, 40].entries()) bytes.writeUInt32LE(table, 4 * 512 + index * 4)
    for (const [grain, sector] of [
      [0, 80],
      [5, 81],
      [6, 82],
      [4095, 90],
    ] as const)
      bytes.writeUInt32LE(sector, 8 * 512 + grain * 4)
    bytes.writeUInt32LE(100, 40 * 512 + 7 * 4)
    for (const sector of [80, 81, 82, 90, 100]) bytes.fill(sector, sector * 512, (sector + 1) * 512)
    writeFileSync(join(qemu.folder, 'disk-delta.vmdk'), bytes)
    const text = `# Disk DescriptorFile\nversion=1\nCID=11223344\nparentCID=ffffffff\ncreateType="vmfsSparse"\nRW ${capacity / 512} VMFSSPARSE "disk-delta.vmdk"\n`
    writeFileSync(join(qemu.folder, 'disk.vmdk'), text)
    const content = await spindleContent(join(qemu.folder, 'disk.vmdk'), 'vmdk')
    expect(content[2560]).toBe(81)
    expect(content[(8192 + 7) * 512]).toBe(100)
    expect(firstDifference(content, qemu.content('disk.vmdk'))).toBeUndefined()
    await using disk = await openImage(join(qemu.folder, 'disk.vmdk'), 'vmdk', 'write')
    expect(disk.top.unwritable?.message).toContain('old ESX server')
  })

  test('a seSparse disk is read as QEMU reads it, and not written', async () => {
    const qemu = new Qemu(newestOracle(), scratchFolder(), 'vmdk')
    const capacity = 40 * MiB
    const [directory, tables] = [4096, 4104]
    const grains = tables + 64 * 3
    const bytes = Buffer.alloc((grains + 8 * 8) * 512)
    const fields: readonly (readonly [number, bigint])[] = [
      [0, 0xcafebaben],
      [8, 0x2_0000_0001n],
      [16, BigInt(capacity / 512)],
      [24, 8n],
      [32, 64n],
      [80, 1n],
      [88, 1n],
      [96, 2n],
      [104, 2n],
      [112, 2048n],
      [120, 2048n],
      [128, BigInt(directory)],
      [136, 8n],
      [144, BigInt(tables)],
      [152, 64n * 3n],
      [160, BigInt(grains + 64)],
      [168, 1n],
      [176, BigInt(grains + 65)],
      [184, 1n],
      [192, BigInt(grains)],
      [200, 64n],
    ]
    for (const [offset, value] of fields) bytes.writeBigUInt64LE(value, offset)
    bytes.writeBigUInt64LE(0xcafecafen, 512)
    // The tables of the disk are in another order in the file, and one is not there.
    bytes.writeBigUInt64LE(0x1000_0000_0000_0001n, directory * 512)
    bytes.writeBigUInt64LE(0x1000_0000_0000_0000n, directory * 512 + 16)
    const entry = (table: number, index: number, value: bigint) =>
      bytes.writeBigUInt64LE(value, (tables + table * 64) * 512 + index * 8)
    entry(1, 0, place(0n))
    entry(1, 1, place(3n))
    entry(1, 2, 0x2000_0000_0000_0000n)
    entry(1, 3, 0x1000_0000_0000_0000n)
    entry(0, 2047, place(7n))
    for (let grain = 0; grain < 8; grain += 1)
      bytes.fill(grain + 1, grains * 512 + grain * 4096, grains * 512 + (grain + 1) * 4096)
    writeFileSync(join(qemu.folder, 'disk-sesparse.vmdk'), bytes)
    const text = `# Disk DescriptorFile\nversion=1\nCID=11223344\nparentCID=ffffffff\ncreateType="seSparse"\nRW ${capacity / 512} SESPARSE "disk-sesparse.vmdk"\n`
    writeFileSync(join(qemu.folder, 'disk.vmdk'), text)
    const content = await spindleContent(join(qemu.folder, 'disk.vmdk'), 'vmdk')
    expect([content[0], content[4096], content[8192], content[40 * MiB - 1]]).toEqual([1, 4, 0, 8])
    expect(firstDifference(content, qemu.content('disk.vmdk'))).toBeUndefined()
    await using disk = await openImage(join(qemu.folder, 'disk.vmdk'), 'vmdk', 'write')
    expect(disk.top.unwritable?.message).toContain('seSparse')
  })
})

/** An entry of a seSparse table. */
function place(grain: bigint): bigint {
  return 0x3000_0000_0000_0000n | ((grain & 0xfffn) << 48n) | (grain >> 12n)
}

/** The first byte of each grain, as vmdkOf() was told them. */
async function letters(folder: MemoryFolder): Promise<string> {
  await using disk = await openFrom(folder, 'read')
  const bytes = new Uint8Array(disk.size)
  await disk.read(0, bytes)
  return Array.from({ length: disk.size / GRAIN }, (_, index) => String.fromCharCode(bytes[index * GRAIN] || 46)).join(
    '',
  )
}

async function run(...words: readonly string[]): Promise<void> {
  expect(await spindleHere(...words), words.join(' ')).toMatchObject({ code: 0, error: '' })
}
