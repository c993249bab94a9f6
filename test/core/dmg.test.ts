// Disk images of macOS: made here by the book, read beside QEMU, and refused in words where they are damaged.

import { spawnSync } from 'node:child_process'
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { deflateSync } from 'node:zlib'
import { expect, test } from 'vitest'
import type { VirtualDisk } from '../../core/image/virtual-disk.ts'
import { SpindleError } from '../../core/model/error.ts'
import { openSource, systemParts } from '../../core/operations/parts.ts'
import { newestOracle } from '../helpers/oracles.ts'
import { expectSameBytes } from '../helpers/sample-disk.ts'
import { scratchFolder } from '../helpers/scratch.ts'
import { randomFrom, seeds } from '../helpers/seeds.ts'
import type { Random } from '../helpers/seeds.ts'

const SECTOR = 512
const KINDS = { zero: 0, raw: 1, ignored: 2, zlib: 0x80000005, bzip2: 0x80000006 } as const
type Kind = keyof typeof KINDS

interface Made {
  readonly image: Buffer
  readonly content: Buffer
}

/** Two partitions, each a table of chunks of all kinds; the second lies on the disk before the first one ends. */
function makeDmg(random: Random, kinds: readonly Kind[] = ['zero', 'raw', 'ignored', 'zlib', 'zlib']): Made {
  const fork: Buffer[] = []
  const content: Buffer[] = []
  const tables: string[] = []
  let forkLength = 0
  let sector = 0
  for (let count = 0; count < 2; count += 1) {
    const entries: Buffer[] = []
    const first = sector
    for (let index = 0; index < 12; index += 1) {
      const kind = random.pick(kinds)
      const sectors = 1 + random.below(300)
      const bytes = Buffer.from(random.bytes(sectors * SECTOR))
      const stored = kind === 'zlib' || kind === 'bzip2' ? deflateSync(bytes) : kind === 'raw' ? bytes : Buffer.alloc(0)
      entries.push(entryOf(KINDS[kind], sector - first, sectors, forkLength, stored.length))
      content.push(kind === 'zero' || kind === 'ignored' ? Buffer.alloc(bytes.length) : bytes)
      fork.push(stored)
      forkLength += stored.length
      sector += sectors
    }
    entries.push(entryOf(0x7ffffffe, 0, 0, 0, 0), entryOf(0xffffffff, sector - first, 0, forkLength, 0))
    tables.push(tableOf(first, sector - first, entries).toString('base64'))
  }
  const items = tables.map(
    (data) => `<dict><key>Data</key><data>\n\t${data}\n</data><key>ID</key><string>0</string></dict>`,
  )
  const plist = Buffer.from(
    `<?xml version="1.0"?><plist version="1.0"><dict><key>resource-fork</key><dict><key>blkx</key><array>${items.join('')}</array><key>plst</key><array><dict><key>Data</key><data>AAAA</data></dict></array></dict></dict></plist>`,
  )
  const trailer = Buffer.alloc(512)
  trailer.write('koly')
  trailer.writeUInt32BE(4, 4)
  trailer.writeUInt32BE(512, 8)
  trailer.writeUInt32BE(1, 12)
  trailer.writeBigUInt64BE(BigInt(forkLength), 32)
  trailer.writeBigUInt64BE(BigInt(forkLength), 216)
  trailer.writeBigUInt64BE(BigInt(plist.length), 224)
  trailer.writeBigUInt64BE(BigInt(sector), 492)
  return { image: Buffer.concat([...fork, plist, trailer]), content: Buffer.concat(content) }
}

function entryOf(kind: number, first: number, sectors: number, offset: number, length: number): Buffer {
  const entry = Buffer.alloc(40)
  entry.writeUInt32BE(kind, 0)
  for (const [index, value] of [first, sectors, offset, length].entries())
    entry.writeBigUInt64BE(BigInt(value), 8 + 8 * index)
  return entry
}

function tableOf(first: number, sectors: number, entries: readonly Buffer[]): Buffer {
  const table = Buffer.alloc(204)
  table.write('mish')
  table.writeUInt32BE(1, 4)
  table.writeBigUInt64BE(BigInt(first), 8)
  table.writeBigUInt64BE(BigInt(sectors), 16)
  table.writeUInt32BE(entries.length, 200)
  return Buffer.concat([table, ...entries])
}

async function read(path: string): Promise<Uint8Array> {
  await using disk = await openSource(path, undefined, systemParts())
  expect(disk.top.format).toBe('dmg')
  const bytes = new Uint8Array(disk.size)
  await disk.read(0, bytes)
  return bytes
}

test.for(seeds())('reads as QEMU reads it (seed %i)', async (seed) => {
  const folder = scratchFolder()
  const path = join(folder, 'disk.dmg')
  const { image, content } = makeDmg(randomFrom(seed))
  writeFileSync(path, image)
  const { qemuImg } = newestOracle()
  const { status, stderr } = spawnSync(qemuImg, ['convert', '-f', 'dmg', '-O', 'raw', path, join(folder, 'theirs')])
  expect([status, String(stderr)]).toEqual([0, ''])
  expectSameBytes(await read(path), content)
  expectSameBytes(readFileSync(join(folder, 'theirs')), content)
})

/** Returns what went wrong. */
async function readBeginning(disk: VirtualDisk): Promise<unknown> {
  await using open = disk
  // A huge disk of nothing is a disk.
  return open.read(0, new Uint8Array(Math.min(open.size, 64 * 1024))).catch((error: unknown) => error)
}

test('one packed in a way that is not known is named, not read as something else', async () => {
  const path = join(scratchFolder(), 'disk.dmg')
  writeFileSync(path, makeDmg(randomFrom(1), ['bzip2']).image)
  await expect(read(path)).rejects.toMatchObject({ code: 'unsupported', message: expect.stringContaining('bzip2') })
})

test('cannot be written, and says so', async () => {
  const path = join(scratchFolder(), 'disk.dmg')
  const { image } = makeDmg(randomFrom(1))
  writeFileSync(path, image)
  const parts = systemParts()
  const driver = parts.drivers.find(({ format }) => format === 'dmg')
  await using layer = await driver?.open(await parts.openFile(path, 'write'), parts.gate, 'write')
  expect(layer?.writer).toBeUndefined()
  expect(layer?.unwritable).toMatchObject({ code: 'unsupported' })
})

test.for(seeds())('whatever is damaged in trailer and tables is told, or harmless (seed %i)', async (seed) => {
  const random = randomFrom(seed)
  const folder = scratchFolder()
  const { image } = makeDmg(random)
  const plist = Number(image.readBigUInt64BE(image.length - 512 + 216))
  for (let count = 0; count < 400; count += 1) {
    const broken = Buffer.from(image)
    const at = random.happens(0.5)
      ? image.length - 512 + random.below(512)
      : plist + random.below(image.length - plist - 512)
    broken[at] = random.below(256)
    if (random.happens(0.3)) broken.fill(0xff, at, Math.min(at + 8, broken.length))
    const path = join(folder, 'broken.dmg')
    writeFileSync(path, broken)
    const outcome = await openSource(path, 'dmg', systemParts()).then(readBeginning, (error: unknown) => error)
    expect(outcome === undefined || outcome instanceof SpindleError, `byte ${at}: ${String(outcome)}`).toBe(true)
  }
})
