// Packing and unpacking of clusters: ours, QEMU's, and broken ones.

import { spawnSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { constants, deflateRawSync, zstdCompressSync } from 'node:zlib'
import { describe, expect, test } from 'vitest'
import { pack, unpack } from '../../core/codec/codec.ts'
import type { CodecId } from '../../core/codec/codec.ts'
import { KiB, MiB } from '../../core/model/units.ts'
import { randomNumbers } from '../helpers/faulty-storage.ts'
import { oracles } from '../helpers/oracles.ts'

const codecs: readonly CodecId[] = ['deflate', 'zstd']

/** Bytes that look a little like files: words that come again, some noise, some zeros. */
function someBytes(length: number, seed: number): Buffer {
  const random = randomNumbers(seed)
  const bytes = Buffer.alloc(length)
  for (let at = 0; at < length;) {
    const run = Math.floor(random() * 200) + 1
    const choice = random()
    if (choice < 0.6) bytes.write('the disk and the file and the block '.slice(Math.floor(random() * 20)), at)
    else if (choice < 0.8)
      for (let i = at; i < Math.min(at + run, length); i += 1) bytes[i] = Math.floor(random() * 256)
    at += run
  }
  return bytes
}

function noise(length: number, seed: number): Buffer {
  const random = randomNumbers(seed)
  return Buffer.from(Array.from({ length }, () => Math.floor(random() * 256)))
}

/** Without end marker: everything is out, but the stream could go on. */
function endless(codec: CodecId, bytes: Uint8Array): Buffer {
  return codec === 'deflate'
    ? deflateRawSync(bytes, { finishFlush: constants.Z_SYNC_FLUSH })
    : zstdCompressSync(bytes, { finishFlush: constants.ZSTD_e_flush })
}

describe.each(codecs)('%s', (codec) => {
  test.each([512, 4 * KiB, 64 * KiB, 2 * MiB])('gives back what it packed, clusters of %i bytes', (size) => {
    const seed = Date.now() % 1_000_000
    console.log(`seed ${seed}`)
    const bytes = someBytes(size, seed)
    const packed = pack(codec, bytes)
    expect(packed?.length, `seed ${seed}`).toBeLessThan(size)
    expect(bytes.equals(unpack(codec, packed ?? bytes, size) ?? noise(1, 0)), `seed ${seed}`).toBe(true)
  })

  test('says so when packing gains nothing', () => {
    expect(pack(codec, noise(64 * KiB, 1))).toBeUndefined()
    expect(pack(codec, new Uint8Array(1))).toBeUndefined()
  })

  test('packs tighter at a higher level', () => {
    const bytes = someBytes(256 * KiB, 5)
    expect(pack(codec, bytes, 9)?.length).toBeLessThan(pack(codec, bytes, 1)?.length ?? 0)
  })

  test('ignores whatever follows the stream', () => {
    const bytes = someBytes(64 * KiB, 2)
    const packed = pack(codec, bytes) ?? bytes
    for (const rest of [Buffer.alloc(512), noise(512, 3), packed]) {
      expect(bytes.equals(unpack(codec, Buffer.concat([packed, rest]), bytes.length) ?? rest)).toBe(true)
    }
  })

  test('takes what it needs from a stream that holds more', () => {
    const bytes = someBytes(512 * KiB, 4)
    const packed = pack(codec, bytes) ?? bytes
    for (const length of [1, 512, 64 * KiB, 200_000, 512 * KiB - 1]) {
      expect(bytes.subarray(0, length).equals(unpack(codec, packed, length) ?? packed), `${length}`).toBe(true)
    }
  })

  test('needs no end marker, and minds no junk after the last byte it needs', () => {
    const bytes = someBytes(64 * KiB, 6)
    const open = endless(codec, bytes)
    expect(bytes.equals(unpack(codec, open, bytes.length) ?? open)).toBe(true)
    const broken = Buffer.concat([open, Buffer.alloc(600, 0xff)])
    expect(bytes.equals(unpack(codec, broken, bytes.length) ?? open)).toBe(true)
  })

  test('refuses streams that end too early, and bytes that are no stream', () => {
    const bytes = someBytes(64 * KiB, 7)
    const packed = pack(codec, bytes) ?? bytes
    expect(unpack(codec, packed, bytes.length + 1)).toBeUndefined()
    expect(unpack(codec, packed.subarray(0, packed.length / 2), bytes.length)).toBeUndefined()
    expect(unpack(codec, new Uint8Array(0), 512)).toBeUndefined()
    expect(unpack(codec, Buffer.alloc(4096, 0xff), 64 * KiB)).toBeUndefined()
  })

  test('never throws and never gives wrong lengths for damaged streams', () => {
    const seed = Date.now() % 1_000_000
    console.log(`seed ${seed}`)
    const random = randomNumbers(seed)
    const bytes = someBytes(16 * KiB, 8)
    const packed = pack(codec, bytes) ?? bytes
    const lengths = new Set<number>()
    for (let round = 0; round < 60; round += 1) {
      const damaged = Uint8Array.from(packed)
      for (let i = 0; i < 3; i += 1) damaged[Math.floor(random() * damaged.length)] = Math.floor(random() * 256)
      lengths.add(unpack(codec, damaged, bytes.length)?.length ?? bytes.length)
    }
    expect([...lengths], `seed ${seed}`).toEqual([bytes.length])
  })

  test('a bomb of zeros is cut off, not swallowed', () => {
    const bomb = pack(codec, new Uint8Array(256 * MiB)) ?? new Uint8Array(0)
    const before = process.memoryUsage().arrayBuffers
    const bytes = unpack(codec, bomb, 64 * KiB)
    expect(bytes?.every((byte) => byte === 0)).toBe(true)
    expect(bytes?.length).toBe(64 * KiB)
    expect(process.memoryUsage().arrayBuffers - before).toBeLessThan(16 * MiB)
  })
})

describe.each(oracles().map((oracle) => [oracle.version, oracle] as const))('qemu-img %s', (_version, oracle) => {
  test.each([
    ['deflate', 'zlib'],
    ['zstd', 'zstd'],
  ] as const)('packs clusters we unpack: %s', (codec, type) => {
    const folder = mkdtempSync(join(tmpdir(), 'spindle-codec-'))
    try {
      const bytes = someBytes(64 * KiB, 9)
      const raw = join(folder, 'disk.img')
      const image = join(folder, 'disk.qcow2')
      writeFileSync(raw, bytes)
      const options = ['convert', '-c', '-f', 'raw', '-O', 'qcow2', '-o', `compression_type=${type}`, raw, image]
      expect(spawnSync(oracle.qemuImg, options).status).toBe(0)
      expect(bytes.equals(unpack(codec, firstPackedCluster(readFileSync(image)), bytes.length) ?? noise(1, 0))).toBe(
        true,
      )
    } finally {
      rmSync(folder, { recursive: true })
    }
  })
})

/** The bytes the first entry of the first L2 table points to, up to the end of their last sector. */
function firstPackedCluster(image: Buffer): Buffer {
  const table = Number(image.readBigUInt64BE(40))
  const second = Number(image.readBigUInt64BE(table) & 0x00ff_ffff_ffff_fe00n)
  const entry = image.readBigUInt64BE(second)
  expect(entry >> 62n).toBe(1n)
  // With 64 KiB clusters the offset takes 54 bits, the count of further sectors the 8 above it.
  const offset = Number(entry & ((1n << 54n) - 1n))
  const sectors = Number((entry >> 54n) & 0xffn) + 1
  return image.subarray(offset, offset - (offset % 512) + sectors * 512)
}
