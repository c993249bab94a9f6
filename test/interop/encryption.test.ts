// Encrypted images in the hands of QEMU, cryptsetup and Spindle: each opens what the others made and reads the same.

import { readFileSync, rmSync, statSync, truncateSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { createDecipheriv } from 'node:crypto'
import { describe, expect, test } from 'vitest'
import { openDisk } from '../../core/image/chain.ts'
import { fileGate } from '../../core/image/gate.ts'
import type { VirtualDisk } from '../../core/image/virtual-disk.ts'
import { drivers } from '../../core/formats/index.ts'
import { KiB, MiB } from '../../core/model/units.ts'
import { openFile } from '../../core/storage/file.ts'
import { CryptTools, imageOptions } from '../helpers/crypt-tools.ts'
import { testKeyring } from '../helpers/keyring.ts'
import { newestOracle, oracles } from '../helpers/oracles.ts'
import { sampleDisk } from '../helpers/sample-disk.ts'
import { scratchFolder } from '../helpers/scratch.ts'
import { randomFrom, seeds } from '../helpers/seeds.ts'
import { spindleHere } from '../helpers/spindle.ts'

const SIZE = 5 * MiB + 512
const TIME = 'iter-time=10'

/** Every cipher, mode, vector and hash at least once. */
const WAYS = [
  '',
  'cipher-alg=aes-128',
  'cipher-alg=aes-192,hash-alg=sha384',
  'cipher-mode=cbc,ivgen-alg=essiv,ivgen-hash-alg=sha256',
  'cipher-mode=cbc,cipher-alg=aes-128,hash-alg=sha1',
  'cipher-mode=ecb,hash-alg=sha224',
  'ivgen-alg=plain,hash-alg=sha512',
  'ivgen-alg=essiv,cipher-alg=aes-128',
] as const

const makesAll = process.env['SPINDLE_HISTORIES'] !== undefined

type Layout = 'luks' | 'qcow2'

/** qemu-img’s `-o` for one way in one layout. */
function optionsFor(layout: Layout, way: string): string {
  const words = [...(way === '' ? [] : way.split(',')), 'key-secret=s', TIME]
  return layout === 'luks'
    ? words.join(',')
    : ['encrypt.format=luks', ...words.map((word) => `encrypt.${word}`), 'cluster_size=16K'].join(',')
}

async function spindle(...words: readonly string[]): Promise<string> {
  const { code, out, error } = await spindleHere(...words)
  if (code !== 0) throw new Error(`spindle ${words.join(' ')}: ${error}`)
  return out
}

async function opened(path: string, access: 'read' | 'write' = 'read'): Promise<VirtualDisk> {
  const gate = { ...fileGate(), secrets: testKeyring() }
  return openDisk(await openFile(path, access), { drivers, gate, access })
}

async function contentOf(path: string): Promise<Uint8Array> {
  await using disk = await opened(path)
  const bytes = new Uint8Array(disk.size)
  await disk.read(0, bytes)
  return bytes
}

function isSame(found: Uint8Array, expected: Uint8Array): boolean {
  return found.length === expected.length && Buffer.compare(found, expected) === 0
}

for (const layout of ['luks', 'qcow2'] as const) {
  for (const [index, way] of WAYS.entries()) {
    const oracle = oracles()[index % oracles().length] ?? newestOracle()
    test(`${layout} ${way || 'as usual'}: made here, read and written by QEMU ${oracle.version}, and back`, async () => {
      const folder = scratchFolder()
      const tools = new CryptTools(folder)
      const at = (name: string): string => join(folder, name)
      const content = sampleDisk(at('raw'), SIZE)
      const options = optionsFor(layout, way)
      await spindle('convert', ...tools.secret, '-O', layout, '-o', options, '--verify', at('raw'), at('ours'))
      tools.img(oracle, 'convert', '--image-opts', imageOptions(layout, 'ours'), '-O', 'raw', 'read')
      expect(isSame(readFileSync(at('read')), content)).toBe(true)

      tools.io(oracle, imageOptions(layout, 'ours'), ['write -P 7 1000k 100k', 'write -P 8 513 700'])
      content.fill(7, 1000 * KiB, 1100 * KiB).fill(8, 513, 1213)
      expect(isSame(await contentOf(at('ours')), content)).toBe(true)
      if (layout === 'qcow2') tools.img(oracle, 'check', '--image-opts', imageOptions(layout, 'ours'))

      // QEMU takes seconds of work to make one, however little time is asked for: each way in one of the layouts.
      if (!makesAll && (index % 2 === 0) !== (layout === 'luks')) return
      const plain = join(folder, 'plain')
      writeFileSync(plain, content)
      tools.img(oracle, 'create', '-q', '-f', layout, '-o', options, 'theirs', String(SIZE))
      const target = ['-n', 'plain', '--target-image-opts', imageOptions(layout, 'theirs')]
      tools.img(oracle, 'convert', '-f', 'raw', ...target)
      expect(isSame(await contentOf(at('theirs')), content)).toBe(true)
      {
        await using disk = await opened(at('theirs'), 'write')
        const bytes = randomFrom(1).bytes(90_001)
        await disk.write(100_001, bytes)
        content.set(bytes, 100_001)
      }
      rmSync(at('read'))
      tools.img(oracle, 'convert', '--image-opts', imageOptions(layout, 'theirs'), '-O', 'raw', 'read')
      expect(isSame(readFileSync(at('read')), content)).toBe(true)
    })
  }
}

test.each(['luks', 'qcow2'] as const)('%s: info says what qemu-img says, without the passphrase', async (layout) => {
  const folder = scratchFolder()
  const tools = new CryptTools(folder)
  const oracle = newestOracle()
  for (const way of ['', 'cipher-mode=cbc,ivgen-alg=essiv,ivgen-hash-alg=sha256,cipher-alg=aes-128']) {
    const name = join(folder, `image${way.length}`)
    await spindle('create', ...tools.secret, '-f', layout, '-o', optionsFor(layout, way), name, '1M')
    for (const form of ['human', 'json'])
      expect(await spindle('info', `--output=${form}`, name)).toBe(tools.img(oracle, 'info', `--output=${form}`, name))
  }
})

test('measure says what qemu-img says, and new images are as large', async () => {
  const folder = scratchFolder()
  const tools = new CryptTools(folder)
  const words = ['-O', 'qcow2', '-o', optionsFor('qcow2', ''), '--size', '10M']
  expect(await spindle('measure', ...words)).toBe(tools.img(newestOracle(), 'measure', ...words))
  const raw = join(folder, 'raw')
  sampleDisk(raw, SIZE)
  await spindle('convert', ...tools.secret, '-O', 'luks', '-o', optionsFor('luks', ''), raw, join(folder, 'luks'))
  const required = /required size: (\d+)/.exec(await spindle('measure', '-O', 'luks', raw))?.[1]
  expect(statSync(join(folder, 'luks')).size).toBe(Number(required))
})

describe.for(seeds())('seed %i', (seed) => {
  test('snapshots, sizes and backing files of encrypted images, in both hands', async () => {
    const random = randomFrom(seed)
    const folder = scratchFolder()
    const tools = new CryptTools(folder)
    const oracle = random.pick(oracles())
    const at = (name: string): string => join(folder, name)
    const content = sampleDisk(at('raw'), SIZE)
    const encrypted = optionsFor('qcow2', random.pick(WAYS))
    await spindle('convert', ...tools.secret, '-O', 'qcow2', '-o', encrypted, at('raw'), at('base'))
    await spindle('snapshot', ...tools.secret, '-c', 'one', at('base'))
    const change = async (name: string, into: Uint8Array): Promise<void> => {
      const bytes = random.bytes(1 + random.below(60_000))
      const offset = random.below(SIZE - bytes.length)
      into.set(bytes, offset)
      await using disk = await opened(at(name), 'write')
      await disk.write(offset, bytes)
    }
    const later = new Uint8Array(content)
    await change('base', later)
    tools.io(oracle, imageOptions('qcow2', 'base'), [`write -P 9 ${random.below(2 * MiB)} 5k`])
    const now = await contentOf(at('base'))
    tools.img(oracle, 'convert', '-l', 'one', '--image-opts', imageOptions('qcow2', 'base'), '-O', 'raw', 'old')
    expect(isSame(readFileSync(at('old')), content)).toBe(true)

    await spindle('create', ...tools.secret, '-f', 'qcow2', '-b', 'base', '-F', 'qcow2', '-o', encrypted, at('top'))
    const top = new Uint8Array(now)
    await change('top', top)
    const below = ',backing.encrypt.key-secret=s'
    tools.img(oracle, 'convert', '--image-opts', imageOptions('qcow2', 'top', below), '-O', 'raw', 'seen')
    expect(isSame(readFileSync(at('seen')), top)).toBe(true)
    await spindle('resize', ...tools.secret, at('top'), '+1M')
    tools.img(oracle, 'check', '--image-opts', imageOptions('qcow2', 'top', below))
    const grown = new Uint8Array(SIZE + MiB)
    grown.set(top)
    expect(isSame(await contentOf(at('top')), grown)).toBe(true)

    await spindle('snapshot', ...tools.secret, '-a', 'one', at('base'))
    expect(isSame(await contentOf(at('base')), content)).toBe(true)
    tools.img(oracle, 'check', '--image-opts', imageOptions('qcow2', 'base'))
  })
})

test('the old AES encryption is read, warned about, and not written', async () => {
  const folder = scratchFolder()
  const tools = new CryptTools(folder)
  const oracle = newestOracle()
  const image = join(folder, 'old')
  tools.img(oracle, 'create', '-q', '-f', 'qcow2', '-o', 'encrypt.format=aes,encrypt.key-secret=s', 'old', '2M')
  const described = 'driver=qcow2,encrypt.format=aes,encrypt.key-secret=s,file.filename=old'
  // In an order in which guest and host offsets differ.
  tools.io(oracle, described, ['write -P 5 1M 300k', 'write -P 6 10k 70k'])
  const expected = new Uint8Array(2 * MiB).fill(5, MiB, MiB + 300 * KiB).fill(6, 10 * KiB, 80 * KiB)
  expect(isSame(await contentOf(image), expected)).toBe(true)
  await using disk = await opened(image, 'write')
  await expect(disk.write(0, new Uint8Array(512))).rejects.toThrow('in the old way')
  expect((await disk.top.describe()).warnings?.join(' ')).toContain('convert it to LUKS')
})

const PBKDF2 = '--pbkdf pbkdf2 --pbkdf-force-iterations 1000 --sector-size 512'.split(' ')
const ARGON2 =
  '--pbkdf argon2id --pbkdf-force-iterations 4 --pbkdf-memory 1024 --pbkdf-parallel 1 --sector-size 4096'.split(' ')

test('cryptsetup opens LUKS made here, and one of version 1 it made is read here', async () => {
  const folder = scratchFolder()
  const tools = new CryptTools(folder)
  await spindle('create', ...tools.secret, '-f', 'luks', '-o', optionsFor('luks', ''), join(folder, 'ours'), '1M')
  tools.cryptsetup('luksOpen', '--test-passphrase', 'ours')
  expect(tools.cryptsetup('luksDump', 'ours')).toMatch(/Version:\s+1\s[^]*Key Slot 0: ENABLED/)
  writeFileSync(join(folder, 'theirs'), '')
  truncateSync(join(folder, 'theirs'), 4 * MiB)
  const kind = ['--type', 'luks1', '--pbkdf-force-iterations', '1000']
  tools.cryptsetup('luksFormat', ...kind, '-c', 'aes-cbc-essiv:sha256', '-s', '256', '-h', 'sha512', 'theirs')
  await using disk = await opened(join(folder, 'theirs'))
  expect((await disk.top.describe()).specific).toMatchObject({ 'cipher-mode': 'cbc', 'ivgen-hash-alg': 'sha256' })
})

test('what is written into LUKS of version 2 reads the same in QEMU once cryptsetup made it version 1', async () => {
  const folder = scratchFolder()
  const tools = new CryptTools(folder)
  const image = join(folder, 'image')
  writeFileSync(image, '')
  truncateSync(image, 20 * MiB)
  tools.cryptsetup('luksFormat', '--type', 'luks2', ...PBKDF2, 'image')
  const bytes = randomFrom(2).bytes(300_001)
  {
    await using disk = await opened(image, 'write')
    expect(disk.size).toBe(4 * MiB)
    await disk.write(100_001, bytes)
  }
  tools.cryptsetup('convert', '--type', 'luks1', 'image')
  tools.img(newestOracle(), 'convert', '--image-opts', imageOptions('luks', 'image'), '-O', 'raw', 'read')
  expect(isSame(readFileSync(join(folder, 'read')).subarray(100_001, 100_001 + bytes.length), bytes)).toBe(true)
})

test('sectors of 4096 bytes under argon2id are decrypted as the native cipher does with cryptsetup’s key', async () => {
  const folder = scratchFolder()
  const tools = new CryptTools(folder)
  const image = join(folder, 'image')
  writeFileSync(image, '')
  truncateSync(image, 20 * MiB)
  tools.cryptsetup('luksFormat', '--type', 'luks2', ...ARGON2, 'image')
  tools.cryptsetup('luksDump', '--dump-volume-key', '--volume-key-file', join(folder, 'key'), 'image')
  const key = readFileSync(join(folder, 'key'))
  const bytes = randomFrom(3).bytes(10_000)
  {
    await using disk = await opened(image, 'write')
    await disk.write(5000, bytes)
  }
  const onDisk = readFileSync(image).subarray(16 * MiB, 16 * MiB + 16_384)
  const plain = [0, 1, 2, 3].map((sector) => {
    const vector = Buffer.alloc(16)
    vector.writeUInt32LE(sector * 8)
    return createDecipheriv('aes-256-xts', key, vector).update(onDisk.subarray(sector * 4096, (sector + 1) * 4096))
  })
  expect(isSame(Buffer.concat(plain).subarray(5000, 15_000), bytes)).toBe(true)
})
