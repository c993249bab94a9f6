// Disk images of macOS made by the book: two partitions of chunks of all kinds.

import { deflateSync } from 'node:zlib'
import { TRAILER } from '../../core/formats/dmg/layout.ts'
import type { Place } from '../fuzz/victim.ts'
import { placesOf } from '../fuzz/victim.ts'
import { randomFrom } from './seeds.ts'
import type { Random } from './seeds.ts'

export const SECTOR = 512
const KINDS = { zero: 0, raw: 1, ignored: 2, zlib: 0x80000005, bzip2: 0x80000006 } as const
type Kind = keyof typeof KINDS

export interface Made {
  readonly image: Buffer
  readonly content: Buffer
}

/** Two partitions, each a table of chunks of all kinds; the second lies on the disk before the first one ends. */
export function makeDmg(random: Random, kinds: readonly Kind[] = ['zero', 'raw', 'ignored', 'zlib', 'zlib']): Made {
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

/** A small one that is the same each time, and where what a program goes by stands in it. */
export function dmgOf(): { readonly image: Uint8Array; readonly places: readonly Place[] } {
  const { image } = makeDmg(randomFrom(1))
  const trailer = image.length - TRAILER.size
  const text = image.indexOf('<?xml')
  const words = Array.from({ length: 200 }, (_, index) => ({ name: 'text', offset: text + 60 + 13 * index, size: 4 }))
  return { image, places: [...placesOf(TRAILER, trailer), ...words.filter(({ offset }) => offset + 4 < trailer)] }
}
